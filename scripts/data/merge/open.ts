import { LIMITS } from '../../../contract/index.js';
import { createHash } from 'node:crypto';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { canonical } from '../frame/changes.js';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { fold, emptyMembership } from '../../../backend/src/services/membership/membership.js';
import { toMembershipEvent } from '../../../backend/src/services/membership/membershipStore.js';
import { toRecord } from '../../../backend/src/models/messageDocument.js';
import { countAt, lastSentBy } from './memberSettings.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import {
  collectionsOf,
  findMergedInto,
  findRevTail,
  findTail,
  FROM_PRIMARY,
  numberOf,
  newPositionOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

/** Derives the summary and the membership of the target from its log. */
async function summaryOf({ messages, changes }: Collections, merge: Merge): Promise<Stored> {
  const conversationId = merge._id;
  const tail = await findTail(messages, conversationId);
  const controls = await messages
    .find({ conversationId, controlSeq: { $gt: 0 } }, FROM_PRIMARY)
    .sort({ controlSeq: 1 })
    .toArray();
  const id = conversationId.toHexString() as ConversationId;
  const pair = merge.participants.map(
    (userId) => [userId as UserId, { role: 'member', joinedSeq: 0 }] as const,
  );
  const membership = controls
    .flatMap((control) => toMembershipEvent(toRecord(control as Parameters<typeof toRecord>[0])) ?? [])
    .reduce(fold, { ...emptyMembership(id), memberCount: 2, members: new Map(pair) });
  const newest = async (filter: Stored): Promise<Stored | undefined> =>
    (
      await messages
        .find({ conversationId, ...filter }, FROM_PRIMARY)
        .sort({ seq: -1 })
        .limit(1)
        .toArray()
    )[0];
  const [last, shown, deleted] = await Promise.all([
    newest({ seq: { $gt: 0 } }),
    newest({ silent: { $exists: false }, shadow: { $exists: false } }),
    newest({ deletedAt: { $exists: true }, shadow: { $exists: false } }),
  ]);
  const lastSentOf = (isQuiet: boolean): Promise<number[]> =>
    Promise.all(
      merge.participants.map((userId) => lastSentBy(messages, { conversationId, userId }, isQuiet)),
    );
  const [lastSent, lastQuiet] = await Promise.all([lastSentOf(false), lastSentOf(true)]);
  const quiet = await Promise.all(
    lastQuiet.map(async (seq, index) => ({ seq, n: await countAt(messages, conversationId, seq), index })),
  );
  return {
    lastSeq: tail.seq,
    messageCount: tail.n,
    rev: await findRevTail(changes, conversationId),
    control: membership.control,
    blockedBy: [...membership.blockedBy],
    ...(membership.closedBy !== undefined && { closedBy: membership.closedBy }),
    ...(shown?.['createdAt'] instanceof Date && { lastMessageAt: shown['createdAt'] }),
    ...(last !== undefined && {
      tail: { seq: tail.seq, id: last['_id'] as ObjectId, control: tail.control },
    }),
    ...(shown !== undefined && { shown: { seq: numberOf(shown['seq']), id: shown['_id'] as ObjectId } }),
    ...(deleted !== undefined && { lastDeletedSeq: numberOf(deleted['seq']) }),
    lastSent,
    lastSentN: await Promise.all(lastSent.map((seq) => countAt(messages, conversationId, seq))),
    ...(quiet.some(({ seq }) => seq > 0) && {
      lastQuiet: Object.fromEntries(
        quiet.flatMap(({ seq, n, index }) => (seq > 0 ? [[String(index), { seq, n }]] : [])),
      ),
    }),
    maybeUnread: [...merge.participants],
  };
}

async function pinnedOf({ moved }: Collections, sources: readonly Stored[]): Promise<number[]> {
  const seqs = sources.flatMap(({ _id, pinned }) =>
    Array.isArray(pinned) ? pinned.map((seq: unknown) => ({ id: _id as ObjectId, seq: numberOf(seq) })) : [],
  );
  return Promise.all(seqs.map(({ id, seq }) => newPositionOf(moved, id, { seq })));
}

function occasionsOf(conversations: readonly Stored[]): Stored[] {
  const kept = new Map<string, Stored>();
  const all = conversations.flatMap(({ occasions }) =>
    Array.isArray(occasions) ? (occasions as Stored[]) : [],
  );
  const timeOf = ({ at }: Stored): number => (at instanceof Date ? at.getTime() : 0);
  for (const one of all.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    kept.set(`${String(one['kind'])} ${String(one['id'])}`, one);
  }
  return [...kept.values()].slice(-LIMITS.maxOccasions);
}

/** Opens the target with a single write. Afterwards it is an ordinary direct conversation. */
export async function openTarget(context: TaskContext, merge: Merge): Promise<void> {
  const collections = collectionsOf(context);
  const { conversations } = collections;
  const sources = merge.before?.conversations ?? [];
  if (merge.isSurvivor) {
    await refreshSurvivor(collections, merge, sources);
    return;
  }
  const isKeyHeld = (await keyHolders(context, merge)).length > 0;
  const pinned = await pinnedOf(collections, sources);
  const fields = {
    ...(await summaryOf(collections, merge)),
    participants: merge.participants,
    memberCount: 2,
    occasions: occasionsOf(sources),
    ...(pinned.length > 0 && { pinned }),
  };
  const open = (key: object) =>
    conversations.updateOne(
      { _id: merge._id },
      { $set: { ...fields, ...key }, $currentDate: { changedAt: true } },
      { writeConcern: COMMITTED },
    );
  try {
    await open(isKeyHeld ? {} : { participantsKey: merge.key });
  } catch (error) {
    // A new conversation of the pair was created meanwhile. The next round merges it with this one.
    if (!isDuplicateKey(error)) throw error;
    await open({});
  }
}

/** Fields of a summary that only increase, so that an older value changes nothing. */
const FORWARD = ['lastSeq', 'messageCount', 'tail', 'shown', 'lastMessageAt', 'lastDeletedSeq'];

/**
 * Updates the summary of a surviving conversation with messages that were written to the sources just before the seal.
 */
async function refreshSurvivor(
  collections: Collections,
  merge: Merge,
  sources: readonly Stored[],
): Promise<void> {
  const summary = await summaryOf(collections, merge);
  const target = await collections.conversations.findOne({ _id: merge._id }, FROM_PRIMARY);
  const others = sources.filter(({ _id }) => String(_id) !== String(merge._id));
  const known = Object.entries(summary).filter(([name]) => FORWARD.includes(name));
  await collections.conversations.updateOne(
    { _id: merge._id },
    {
      ...(known.length > 0 && { $max: Object.fromEntries(known) }),
      $set: { occasions: occasionsOf([...others, ...(target === null ? [] : [target])]) },
      $currentDate: { changedAt: true },
    },
    { writeConcern: COMMITTED },
  );
}

/** Returns earlier redirects to the conversations of this merge, as they were before it. Stored on the first call. */
async function findRedirects(context: TaskContext, merge: Merge): Promise<NonNullable<Merge['redirected']>> {
  if (merge.redirected !== undefined) return merge.redirected;
  const { conversations, merges } = collectionsOf(context);
  const found = await findMergedInto(conversations, [...merge.sources, merge._id]);
  // Sources of this merge may redirect already, because a server that reads a seal stores the redirect. They are in
  // `before`.
  const ours = new Set(merge.sources.map(String));
  const redirected = found
    .filter(({ _id }) => !ours.has(String(_id)))
    .map(({ _id, mergedInto, participantsKey }) => ({
      id: _id as ObjectId,
      mergedInto: mergedInto as ObjectId,
      ...(participantsKey === merge.key && { hadKey: true }),
    }));
  merge.redirected = redirected;
  await merges.updateOne({ _id: merge._id }, { $set: { redirected } }, { writeConcern: COMMITTED });
  return redirected;
}

/**
 * Returns the conversations that hold the pair's key; the first one keeps it. A surviving target comes first. The list
 * can contain conversations of earlier merges and, without the unique index, later duplicates.
 */
async function keyHolders(context: TaskContext, merge: Merge): Promise<string[]> {
  const redirected = await findRedirects(context, merge);
  const held = (merge.before?.conversations ?? []).filter(
    ({ participantsKey }) => participantsKey === merge.key,
  );
  const target = String(merge._id);
  const holders = [
    ...held.map(({ _id }) => String(_id)),
    ...redirected.flatMap(({ id, hadKey }) => (hadKey === true ? [String(id)] : [])),
  ].sort();
  return holders.includes(target) ? [target, ...holders.filter((id) => id !== target)] : holders;
}

/**
 * Makes the sources redirect to the target, along with everything that redirected to them. Only one document keeps the
 * key.
 */
export async function redirectSources(context: TaskContext, merge: Merge): Promise<void> {
  const { conversations } = collectionsOf(context);
  const redirected = await findRedirects(context, merge);
  const [, ...losing] = await keyHolders(context, merge);
  for (const _id of [...merge.sources, ...redirected.map(({ id }) => id)]) {
    await conversations.updateOne(
      { _id },
      {
        $set: { mergedInto: merge._id, maybeUnread: [] },
        ...(losing.includes(String(_id)) && { $unset: { participantsKey: 1 } }),
        $currentDate: { changedAt: true },
      },
      { writeConcern: COMMITTED },
    );
  }
}

/** Returns a fingerprint of a conversation. `undo` compares it to detect later writes. */
export async function stateOf(context: TaskContext, id: ObjectId): Promise<NonNullable<Merge['final']>> {
  const { messages, changes, members } = collectionsOf(context);
  const states = await members.find({ conversationId: id }, FROM_PRIMARY).sort({ _id: 1 }).toArray();
  return {
    seq: (await findTail(messages, id)).seq,
    rev: await findRevTail(changes, id),
    members: createHash('sha256').update(canonical(states)).digest('hex'),
  };
}
