import type mongoose from 'mongoose';
import { sleep } from '../../utils/clock.js';
import { RANK_LEFT } from '../memberDocument.js';
import type { ObjectId } from '../objectIds.js';
import { isDerivable, hasEnded, TYPES } from './derivable.js';
import { showCommand, TASK, type Remedy } from './remedy.js';
import { findKeyHolders, type PairKeyHolders } from './keyHolders.js';
import { readLogFacts, type LogFacts } from './logFacts.js';
import { pagesOf } from './pages.js';
import { keyOf, pairOf, type Stored } from './pairs.js';
import { findPlaceless, placelessRemedy, type Placeless } from './placeless.js';
import { findUnfinished } from './unfinished.js';
import type { Issue, IssueName } from './issues.js';

export interface VerifiedPage {
  /** Conversations examined. */
  examined: number;
  /** Examined conversations that are in use, or that have ended (merged or split) and have an issue. */
  conversations: number;
  /** Ended conversations without an issue: they redirect to the conversations that continue them. */
  ended: number;
  /** Number of counted messages in the conversations that are in use. */
  messages: number;
  issues: Issue[];
}

interface Collections {
  conversations: mongoose.mongo.Collection;
  messages: mongoose.mongo.Collection;
  members: mongoose.mongo.Collection;
  merges: mongoose.mongo.Collection;
}

/** Conversations per page. */
const PAGE = 200;
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const idOf = (conversation: Stored): ObjectId => conversation['_id'] as ObjectId;

/**
 * Verifies all conversations with their logs, page by page. Summaries are written after the messages, so conversations
 * with issues are examined again before the issues are reported.
 *
 * @param settleMs maximum lag of a summary, in ms.
 */
export async function* verifyConversations(
  collections: Collections,
  { settleMs }: { settleMs: number },
): AsyncGenerator<VerifiedPage> {
  for await (const page of pagesOf(collections.conversations, { batch: PAGE })) {
    const first = await examine(collections, page);
    const suspects = new Set(first.issues.map(({ conversationId }) => conversationId));
    let { issues } = first;
    if (suspects.size > 0 && settleMs > 0) {
      await sleep(settleMs);
      const ids = page.filter((one) => suspects.has(String(one['_id']))).map(idOf);
      const again = await collections.conversations
        .find({ _id: { $in: ids } }, { readPreference: 'primary' })
        .sort({ _id: 1 })
        .toArray();
      ({ issues } = await examine(collections, again));
    }
    const withIssues = new Set(issues.map(({ conversationId }) => conversationId));
    const ended = page.filter((one) => hasEnded(one) && !withIssues.has(String(one['_id']))).length;
    const { messages } = first;
    yield { examined: page.length, conversations: page.length - ended, ended, messages, issues };
  }
}

/** @param page must have been read before the logs, so that a log can only contain more than the page says. */
async function examine(
  collections: Collections,
  page: readonly Stored[],
): Promise<{ issues: Issue[]; messages: number }> {
  const logs = await readLogFacts(
    collections.messages,
    page.map((one) => ({ _id: idOf(one), lastSeq: numberOf(one['lastSeq']) })),
  );
  const placeless = await findAllPlaceless(collections, page, logs);
  const [unfinished, keys, memberCounts] = await Promise.all([
    findUnfinished(collections, page),
    findKeyHolders(collections, page),
    countMembers(collections, page),
  ]);
  let messages = 0;
  const issues = page.flatMap((conversation) => {
    const id = idOf(conversation).toHexString();
    const toIssue: IssueFactory = (issue, what, help) => ({ conversationId: id, issue, what, help });
    const log = logs.get(id);
    const withoutSeq = placeless.get(id);
    const endIssue = unfinished.issueOf(conversation, toIssue);
    // A split needs a `seq` for every message, so messages without one have to be repaired first.
    if (endIssue !== undefined)
      return [withoutSeq === undefined ? endIssue : { ...endIssue, help: placelessRemedy(withoutSeq) }];
    const placelessIssues =
      withoutSeq === undefined
        ? []
        : [toIssue('placeless', `${log?.placeless ?? 0} messages`, placelessRemedy(withoutSeq))];
    if (hasEnded(conversation)) return placelessIssues;
    messages += log?.counted ?? 0;
    return [
      ...shapeIssues(
        conversation,
        toIssue,
        withoutSeq === undefined ? TASK.split : placelessRemedy(withoutSeq),
      ),
      ...keyIssues(conversation, { toIssue, keys }),
      ...placelessIssues,
      ...(log === undefined ? [] : logIssues(conversation, { log, toIssue, members: memberCounts.get(id) })),
    ];
  });
  return { issues, messages };
}

type IssueFactory = (issue: IssueName, what: string, help: Remedy) => Issue;

/** @param splitHelp remedy when the conversation has to be split. */
function shapeIssues(conversation: Stored, toIssue: IssueFactory, splitHelp: Remedy): Issue[] {
  const { type = 'direct', participants, apart, _id } = conversation;
  if (!TYPES.includes(type)) return [toIssue('shape', `type ${String(type)}`, showCommand(_id))];
  const isList = Array.isArray(participants) && participants.every((one) => typeof one === 'string');
  if (type !== 'direct') {
    return isList || apart === true || type === 'channel'
      ? []
      : [toIssue('shape', 'participants is not a list of ids', showCommand(_id))];
  }
  if (!isList) return [toIssue('shape', 'participants is not a list of ids', showCommand(_id))];
  if (pairOf(conversation) !== undefined) return [];
  // A conversation without participants cannot be split.
  const help = participants.length > 0 ? splitHelp : showCommand(_id);
  return [toIssue('notTwo', `members: ${[...participants].sort().join(', ')}`, help)];
}

function keyIssues(
  conversation: Stored,
  { toIssue, keys }: { toIssue: IssueFactory; keys: PairKeyHolders },
): Issue[] {
  const key = keyOf(conversation);
  const { participantsKey: storedKey } = conversation;
  // A wrong key is corrected, or removed when it belongs to another conversation.
  if (storedKey !== undefined && storedKey !== key) {
    const expectedText = key === undefined ? '' : ` instead of ${key}`;
    return [toIssue('wrongKey', `${JSON.stringify(storedKey)}${expectedText}`, TASK.key)];
  }
  if (key === undefined || storedKey === key) return [];
  const help = keys.helpFor(conversation, key);
  return help === undefined ? [] : [toIssue('missingKey', key, help)];
}

function logIssues(
  conversation: Stored,
  { log, toIssue, members }: { log: LogFacts; toIssue: IssueFactory; members: number | undefined },
): Issue[] {
  const { type = 'direct', participants, _id } = conversation;
  const listed = Array.isArray(participants) ? participants.length : 0;
  const expected = { lastSeq: log.lastSeq, messageCount: log.counted, memberCount: members ?? listed };
  const differing = (['lastSeq', 'messageCount', 'memberCount'] as const).filter(
    (name) =>
      numberOf(conversation[name]) !== expected[name] &&
      !(name === 'memberCount' && (conversation[name] === undefined || (type === 'direct' && listed !== 2))),
  );
  const counters = differing.map((name) => `${name} ${numberOf(conversation[name])} is ${expected[name]}`);
  if (log.lastN !== log.counted) counters.push(`n ${log.lastN} is ${log.counted}`);
  return [
    ...(log.entries === log.lastSeq
      ? []
      : [toIssue('hole', `${log.entries} messages up to ${log.lastSeq}`, showCommand(_id))]),
    ...(counters.length === 0 || !isDerivable(conversation)
      ? []
      : [toIssue('counter', counters.join(', '), TASK.repair)]),
  ];
}

async function findAllPlaceless(
  collections: Collections,
  page: readonly Stored[],
  logs: ReadonlyMap<string, LogFacts>,
): Promise<Map<string, Placeless>> {
  const found = new Map<string, Placeless>();
  for (const conversation of page) {
    const id = idOf(conversation).toHexString();
    if ((logs.get(id)?.placeless ?? 0) === 0) continue;
    found.set(id, await findPlaceless(collections, conversation));
  }
  return found;
}

/** Counts the members of groups and channels whose members are derived from the log. */
async function countMembers({ members }: Collections, page: readonly Stored[]): Promise<Map<string, number>> {
  const groups = page.filter(
    ({ type, control, mergedInto }) =>
      (type === 'group' || type === 'channel') && numberOf(control) > 0 && mergedInto === undefined,
  );
  if (groups.length === 0) return new Map();
  const found = await members
    .aggregate<{ _id: ObjectId; count: number }>([
      { $match: { conversationId: { $in: groups.map(idOf) }, rank: { $lt: RANK_LEFT } } },
      { $group: { _id: '$conversationId', count: { $sum: 1 } } },
    ])
    .toArray();
  const counts = new Map(groups.map((one) => [idOf(one).toHexString(), 0]));
  for (const { _id, count } of found) counts.set(_id.toHexString(), count);
  return counts;
}
