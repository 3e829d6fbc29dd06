import mongoose from 'mongoose';
import { sleep } from '../../utils/clock.js';
import { GONE } from '../memberDocument.js';
import type { ObjectId } from '../objectIds.js';
import { readLogFacts, type LogFacts } from './logFacts.js';
import { pagesOf } from './pages.js';
import { keyOf, pairOf, type Stored } from './pairs.js';

/** What can be wrong with a conversation as it is stored. */
export const ISSUES = {
  shape: 'its type or its members cannot be read',
  notTwo: 'a direct conversation with other than two distinct members',
  wrongKey: 'its key is not that of its pair',
  missingKey: 'it has not got the key of its pair',
  lostTarget: 'it points to a conversation that is not there, or back to itself',
  unfinishedMerge: 'a merge was interrupted',
  hole: 'places are missing in its log',
  placeless: 'messages without a place in its log',
  counter: 'lastSeq, messageCount or memberCount are not what its log and its members say',
} as const;
export type IssueName = keyof typeof ISSUES;

export interface Issue {
  conversationId: string;
  issue: IssueName;
  what: string;
}

export interface VerifiedPage {
  conversations: number;
  /** How many of them have at least one issue. */
  withIssues: number;
  issues: Issue[];
}

interface Collections {
  conversations: mongoose.mongo.Collection;
  messages: mongoose.mongo.Collection;
  members: mongoose.mongo.Collection;
}

const PAGE = 200;
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const idOf = (conversation: Stored): ObjectId => conversation['_id'] as ObjectId;
const isOver = (conversation: Stored): boolean => conversation['mergedInto'] !== undefined;

/** Where an ended conversation goes on: one that was split leads to itself, and from there to each of its pairs. */
function leadsTo({ mergedInto, splitInto }: Stored): string[] {
  return Array.isArray(splitInto)
    ? (splitInto as { conversationId: ObjectId }[]).map(({ conversationId }) => String(conversationId))
    : [String(mergedInto)];
}

/**
 * Looks at every conversation and at its log, page by page. Summaries are written behind the messages: what is off is
 * looked at once more before it is said.
 *
 * @param settleMs how long a summary may lag.
 */
export async function* verifyConversations(
  collections: Collections,
  { settleMs }: { settleMs: number },
): AsyncGenerator<VerifiedPage> {
  for await (const page of pagesOf(collections.conversations, { batch: PAGE })) {
    const first = await issuesOf(collections, page);
    const doubtful = new Set(first.map(({ conversationId }) => conversationId));
    let issues = first;
    if (doubtful.size > 0 && settleMs > 0) {
      await sleep(settleMs);
      const ids = page.filter((one) => doubtful.has(String(one['_id']))).map(idOf);
      const again = await collections.conversations
        .find({ _id: { $in: ids } }, { readPreference: 'primary' })
        .sort({ _id: 1 })
        .toArray();
      issues = await issuesOf(collections, again);
    }
    const withIssues = new Set(issues.map(({ conversationId }) => conversationId)).size;
    yield { conversations: page.length, withIssues, issues };
  }
}

/** @param page read before the logs are: what the logs hold can only be more. */
async function issuesOf(collections: Collections, page: readonly Stored[]): Promise<Issue[]> {
  const logs = await readLogFacts(
    collections.messages,
    page.map((one) => ({ _id: idOf(one), lastSeq: numberOf(one['lastSeq']) })),
  );
  const [targets, keyHolders, memberCounts] = await Promise.all([
    findTargets(collections, page),
    findKeyHolders(collections, page),
    countMembers(collections, page),
  ]);
  return page.flatMap((conversation) => {
    const id = idOf(conversation).toHexString();
    const say = (issue: IssueName, what: string): Issue => ({ conversationId: id, issue, what });
    const log = logs.get(id);
    if (isOver(conversation)) {
      const isFine = leadsTo(conversation).every((target) => target !== id && targets.has(target));
      return isFine ? [] : [say('lostTarget', `mergedInto ${String(conversation['mergedInto'])}`)];
    }
    return [
      ...shapeIssues(conversation, say),
      ...keyIssues(conversation, { say, keyHolders }),
      ...(log === undefined ? [] : logIssues(conversation, { log, say, members: memberCounts.get(id) })),
    ];
  });
}

type Say = (issue: IssueName, what: string) => Issue;

function shapeIssues(conversation: Stored, say: Say): Issue[] {
  const { type = 'direct', participants, apart } = conversation;
  if (!['direct', 'group', 'channel'].includes(String(type))) return [say('shape', `type ${String(type)}`)];
  const isList = Array.isArray(participants) && participants.every((one) => typeof one === 'string');
  if (type !== 'direct') {
    return isList || apart === true || type === 'channel'
      ? []
      : [say('shape', 'participants are no list of ids')];
  }
  if (!isList) return [say('shape', 'participants are no list of ids')];
  if (participants.length === 0 && conversation['memberCount'] === 0) {
    return [say('unfinishedMerge', 'run cleanup-duplicate-chats again')];
  }
  const isPair = pairOf(conversation) !== undefined;
  return isPair ? [] : [say('notTwo', `members: ${[...participants].sort().join(', ')}`)];
}

function keyIssues(
  conversation: Stored,
  { say, keyHolders }: { say: Say; keyHolders: ReadonlyMap<string, Stored> },
): Issue[] {
  const key = keyOf(conversation);
  const { participantsKey: own } = conversation;
  if (key === undefined) return own === undefined ? [] : [say('wrongKey', JSON.stringify(own))];
  if (own === key) return [];
  if (own !== undefined) return [say('wrongKey', `${JSON.stringify(own)} instead of ${key}`)];
  // After a merge one of the old documents keeps the key, and leads here.
  const leadsHere = String(keyHolders.get(key)?.['mergedInto']) === String(conversation['_id']);
  return leadsHere ? [] : [say('missingKey', key)];
}

function logIssues(
  conversation: Stored,
  { log, say, members }: { log: LogFacts; say: Say; members: number | undefined },
): Issue[] {
  const { type = 'direct', participants } = conversation;
  const listed = Array.isArray(participants) ? participants.length : 0;
  const expected = { lastSeq: log.lastSeq, messageCount: log.counted, memberCount: members ?? listed };
  const off = (['lastSeq', 'messageCount', 'memberCount'] as const).filter(
    (name) =>
      numberOf(conversation[name]) !== expected[name] &&
      !(name === 'memberCount' && (conversation[name] === undefined || (type === 'direct' && listed !== 2))),
  );
  return [
    ...(log.entries === log.lastSeq ? [] : [say('hole', `${log.entries} messages up to ${log.lastSeq}`)]),
    ...(log.placeless === 0 ? [] : [say('placeless', `${log.placeless} messages`)]),
    ...(off.length === 0
      ? []
      : [
          say(
            'counter',
            off.map((name) => `${name} ${numberOf(conversation[name])} is ${expected[name]}`).join(', '),
          ),
        ]),
    ...(log.lastN === log.counted ? [] : [say('counter', `n ${log.lastN} is ${log.counted}`)]),
  ];
}

async function findTargets(
  { conversations }: Collections,
  page: readonly Stored[],
): Promise<Map<string, Stored>> {
  const ids = page
    .filter(isOver)
    .flatMap(leadsTo)
    .map((id) => new mongoose.Types.ObjectId(id));
  if (ids.length === 0) return new Map();
  const found = await conversations.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
  return new Map(found.map((one) => [String(one._id), one]));
}

async function findKeyHolders(
  { conversations }: Collections,
  page: readonly Stored[],
): Promise<Map<string, Stored>> {
  const keys = page.flatMap((one) => (one['participantsKey'] === undefined ? (keyOf(one) ?? []) : []));
  if (keys.length === 0) return new Map();
  const found = await conversations
    .find({ participantsKey: { $in: keys } }, { projection: { participantsKey: 1, mergedInto: 1 } })
    .toArray();
  return new Map(found.map((one) => [String(one['participantsKey']), one]));
}

/** Of groups and channels whose log says who is in them. */
async function countMembers({ members }: Collections, page: readonly Stored[]): Promise<Map<string, number>> {
  const groups = page.filter(
    ({ type, control, mergedInto }) =>
      (type === 'group' || type === 'channel') && numberOf(control) > 0 && mergedInto === undefined,
  );
  if (groups.length === 0) return new Map();
  const found = await members
    .aggregate<{ _id: ObjectId; count: number }>([
      { $match: { conversationId: { $in: groups.map(idOf) }, rank: { $lt: GONE } } },
      { $group: { _id: '$conversationId', count: { $sum: 1 } } },
    ])
    .toArray();
  const counts = new Map(groups.map((one) => [idOf(one).toHexString(), 0]));
  for (const { _id, count } of found) counts.set(_id.toHexString(), count);
  return counts;
}
