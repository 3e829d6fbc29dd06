import type mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import type { Stored } from './pairs.js';

/** What the messages of a conversation say, counted. */
export interface LogFacts {
  /** Messages with a place in the log. */
  entries: number;
  /** Messages without one: no reader ever sees them. */
  placeless: number;
  lastSeq: number;
  /** Messages that count: no control entries, none under a restriction. */
  counted: number;
  /** The number of the newest one among those that count, as it says itself. */
  lastN: number;
}

/** Messages that one question to the database may count over, so that it is answered within seconds. */
const MAX_PER_QUESTION = 50_000;
const NONE: LogFacts = { entries: 0, placeless: 0, lastSeq: 0, counted: 0, lastN: 0 };

const isMissing = (field: string): Stored => ({ $eq: [{ $type: `$${field}` }, 'missing'] });
const sumIf = (condition: Stored): Stored => ({ $sum: { $cond: [condition, 1, 0] } });
const GROUP = {
  _id: '$conversationId',
  entries: sumIf({ $gte: ['$seq', 1] }),
  all: { $sum: 1 },
  lastSeq: { $max: '$seq' },
  counted: sumIf({ $and: [isMissing('controlSeq'), isMissing('shadow')] }),
  lastN: { $max: '$n' },
};

async function ask(messages: mongoose.mongo.Collection, match: Stored): Promise<[string, LogFacts][]> {
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
 * Counts the logs of conversations: many small ones in one question, a long one in several.
 *
 * @param conversations with their own idea of how long they are, which decides only how they are asked for.
 */
export async function readLogFacts(
  messages: mongoose.mongo.Collection,
  conversations: readonly { _id: ObjectId; lastSeq: number }[],
): Promise<Map<string, LogFacts>> {
  const facts = new Map(conversations.map(({ _id }) => [_id.toHexString(), NONE]));
  const learn = (found: readonly [string, LogFacts][]): void => {
    for (const [id, more] of found) facts.set(id, add(facts.get(id) ?? NONE, more));
  };
  const long = conversations.filter(({ lastSeq }) => lastSeq > MAX_PER_QUESTION);
  for (const { _id, lastSeq } of long) {
    for (let from = 0; from <= lastSeq; from += MAX_PER_QUESTION) {
      const isLast = from + MAX_PER_QUESTION > lastSeq;
      const range = { $gt: from, ...(!isLast && { $lte: from + MAX_PER_QUESTION }) };
      learn(await ask(messages, { conversationId: _id, seq: range }));
    }
    learn(await ask(messages, { conversationId: _id, seq: { $not: { $gte: 1 } } }));
  }
  let group: ObjectId[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (group.length > 0) learn(await ask(messages, { conversationId: { $in: group } }));
    group = [];
    size = 0;
  };
  for (const { _id, lastSeq } of conversations) {
    if (lastSeq > MAX_PER_QUESTION) continue;
    group.push(_id);
    size += lastSeq;
    if (size > MAX_PER_QUESTION) await flush();
  }
  await flush();
  return facts;
}
