import type mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import type { Stored } from './pairs.js';

/** Counts over the messages of a conversation. */
export interface LogFacts {
  /** Messages with a valid `seq`. */
  entries: number;
  /** Messages without a valid `seq`: no reader ever sees them. */
  placeless: number;
  lastSeq: number;
  /**
   * Counted messages with a valid `seq`: no membership events and no shadow entries. The same rule as in
   * `repair-counters`.
   */
  counted: number;
  /** The highest `n` of the messages with a valid `seq`. */
  lastN: number;
}

/** Maximum messages counted by one query, so that it takes seconds at most. */
const MAX_PER_QUERY = 50_000;
const NONE: LogFacts = { entries: 0, placeless: 0, lastSeq: 0, counted: 0, lastN: 0 };

const isMissing = (field: string): Stored => ({ $eq: [{ $type: `$${field}` }, 'missing'] });
const sumIf = (condition: Stored): Stored => ({ $sum: { $cond: [condition, 1, 0] } });
/** Equivalent to the filter `{seq: {$gte: 1}}`, which never matches values that are not numbers. */
const HAS_SEQ = { $and: [{ $isNumber: '$seq' }, { $gte: ['$seq', 1] }] };
const maxOf = (field: string): Stored => ({ $max: { $cond: [HAS_SEQ, field, 0] } });
const GROUP = {
  _id: '$conversationId',
  entries: sumIf(HAS_SEQ),
  all: { $sum: 1 },
  lastSeq: maxOf('$seq'),
  counted: sumIf({ $and: [HAS_SEQ, isMissing('controlSeq'), { $ne: ['$shadow', true] }] }),
  lastN: maxOf('$n'),
};

async function countMatching(
  messages: mongoose.mongo.Collection,
  match: Stored,
): Promise<[string, LogFacts][]> {
  const found = await messages
    .aggregate<Stored & { _id: ObjectId }>([{ $match: match }, { $group: GROUP }], {
      readPreference: 'primary',
    })
    .toArray();
  const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return found.map((one) => [
    one._id.toHexString(),
    {
      entries: numberOf(one['entries']),
      placeless: numberOf(one['all']) - numberOf(one['entries']),
      lastSeq: numberOf(one['lastSeq']),
      counted: numberOf(one['counted']),
      lastN: numberOf(one['lastN']),
    },
  ]);
}

const add = (a: LogFacts, b: LogFacts): LogFacts => ({
  entries: a.entries + b.entries,
  placeless: a.placeless + b.placeless,
  lastSeq: Math.max(a.lastSeq, b.lastSeq),
  counted: a.counted + b.counted,
  lastN: Math.max(a.lastN, b.lastN),
});

/**
 * Counts the logs of conversations: many short ones in one query, a long one in several.
 *
 * @param conversations with their stored `lastSeq`, which only determines how the queries are divided.
 */
export async function readLogFacts(
  messages: mongoose.mongo.Collection,
  conversations: readonly { _id: ObjectId; lastSeq: number }[],
): Promise<Map<string, LogFacts>> {
  const facts = new Map(conversations.map(({ _id }) => [_id.toHexString(), NONE]));
  const addFacts = (found: readonly [string, LogFacts][]): void => {
    for (const [id, more] of found) facts.set(id, add(facts.get(id) ?? NONE, more));
  };
  const long = conversations.filter(({ lastSeq }) => lastSeq > MAX_PER_QUERY);
  for (const { _id, lastSeq } of long) {
    for (let from = 0; from <= lastSeq; from += MAX_PER_QUERY) {
      const isLast = from + MAX_PER_QUERY > lastSeq;
      const range = { $gt: from, ...(!isLast && { $lte: from + MAX_PER_QUERY }) };
      addFacts(await countMatching(messages, { conversationId: _id, seq: range }));
    }
    addFacts(await countMatching(messages, { conversationId: _id, seq: { $not: { $gte: 1 } } }));
  }
  let group: ObjectId[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (group.length > 0) addFacts(await countMatching(messages, { conversationId: { $in: group } }));
    group = [];
    size = 0;
  };
  for (const { _id, lastSeq } of conversations) {
    if (lastSeq > MAX_PER_QUERY) continue;
    group.push(_id);
    size += lastSeq;
    if (size > MAX_PER_QUERY) await flush();
  }
  await flush();
  return facts;
}
