import mongoose from 'mongoose';
import type { Stored } from '../frame/stored.js';
import type { Counts } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import type { JournalWriter } from '../frame/journal.js';
import { sortPair } from '../../../backend/src/utils/participantsKey.js';
import { pairOf } from '../tasks/pairs.js';
import { copyChanges } from './copyChanges.js';
import { countBoth } from './countBoth.js';
import { copyMessages, isSeal, putArchived } from './copyMessages.js';
import { openTarget, redirectSources, stateOf } from './open.js';
import { copyMemberSettings } from './memberSettings.js';
import { applyPending, seal } from './seal.js';
import { copyRelated, RELATED } from './related.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { emptyConversation } from '../../../backend/src/models/emptyConversation.js';
import {
  collectionsOf,
  findRevTail,
  findTail,
  FROM_PRIMARY,
  insertMissing,
  numberOf,
  LostRace,
  type Merge,
  type ObjectId,
} from './stored.js';

/** Number of remaining messages below which the old logs are sealed. Copying the rest then takes only a moment. */
const MAX_REMAINING = 500;
/** Number of documents removed at a time. */
const CLEAR_BATCH = 1_000;

/** Returns the merges of runs that were stopped or killed. */
export const findUnfinished = (context: TaskContext): Promise<Merge[]> =>
  collectionsOf(context)
    .merges.find({ stage: { $ne: 'done' } }, FROM_PRIMARY)
    .sort({ _id: 1 })
    .toArray();

/** Stores the plan of a merge. @returns undefined when there is nothing to merge any more. */
export async function beginMerge(
  context: TaskContext,
  { ids, key, journal }: { ids: readonly ObjectId[]; key: string; journal: JournalWriter },
): Promise<Merge | undefined> {
  const { conversations, messages, changes, merges } = collectionsOf(context);
  const found = await conversations
    .find({ _id: { $in: [...ids] } }, FROM_PRIMARY)
    .sort({ _id: 1 })
    .toArray();
  const live = found.filter((one) => pairOf(one) !== undefined);
  const pair = live[0] && pairOf(live[0]);
  if (live.length < 2 || pair === undefined) return undefined;
  const tails = await Promise.all(live.map(({ _id }) => findTail(messages, _id)));
  const used = live.filter((_, index) => (tails[index]?.seq ?? 0) > 0);
  // If at most one conversation has messages, it survives: nothing needs to be interleaved.
  const survivor = used.length > 1 ? undefined : (used[0] ?? live[0]);
  const target = survivor?._id ?? new mongoose.Types.ObjectId();
  const sources = live.map(({ _id }) => _id).filter((id) => !id.equals(target));
  const merge: Merge = {
    _id: target,
    key,
    participants: sortPair(...pair),
    sources,
    isSurvivor: survivor !== undefined,
    revs: Object.fromEntries(
      await Promise.all(
        sources.map(async (id) => [id.toHexString(), await findRevTail(changes, id)] as const),
      ),
    ),
    stage: 'copying',
    at: new Date(),
  };
  const earlier = await merges.findOne({ _id: target }, FROM_PRIMARY);
  await journal.write([{ kind: 'merge', into: target, sources, key }]);
  // The target of an earlier merge can be the target again: its document is kept in `earlier`.
  await merges.replaceOne(
    { _id: target },
    { ...merge, ...(earlier !== null && { earlier }) },
    { upsert: true, writeConcern: COMMITTED },
  );
  return merge;
}

/** Creates the target without participants: it is on no list and does not accept messages yet. */
async function makeTarget(context: TaskContext, merge: Merge): Promise<void> {
  const { conversations } = collectionsOf(context);
  const sources = await conversations.find({ _id: { $in: merge.sources } }, FROM_PRIMARY).toArray();
  const timeOf = ({ _id, createdAt }: Stored): Date =>
    createdAt instanceof Date ? createdAt : (_id as ObjectId).getTimestamp();
  const [oldest] = sources.toSorted((a, b) => timeOf(a).getTime() - timeOf(b).getTime());
  const createdAt = oldest === undefined ? merge.at : timeOf(oldest);
  await insertMissing(conversations, [
    {
      _id: merge._id,
      type: 'direct',
      participants: [],
      createdBy: oldest?.['createdBy'] as unknown,
      memberCount: 0,
      ...emptyConversation(2, createdAt),
      changedAt: new Date(),
    },
  ]);
}

/** Continues a merge from its stored stage to the end. Idempotent, also with two runs at the same time. */
export async function finishMerge(context: TaskContext, merge: Merge): Promise<Counts> {
  const collections = collectionsOf(context);
  let counts: Counts = {};
  if (merge.stage === 'copying') {
    if (!merge.isSurvivor) await makeTarget(context, merge);
    await copyMost(context, merge);
    await storeBefore(context, merge);
    for (const id of merge.sources) await seal(collections, merge, id);
    for (const id of merge.sources) await applyPending(context, id);
    await repeatUntilDone(() => copyMessages(collections, merge));
    await refreshChanged(context, merge);
    await repeatUntilDone(() => copyChanges(collections, merge));
    await copyRelated(context, merge);
    await copyMemberSettings(context, merge);
    // The sources are sealed, and a new target is not open yet: no user can write to them.
    counts = await countBoth(context, merge);
    await openTarget(context, merge);
    await redirectSources(context, merge);
    merge.final = await stateOf(context, merge._id);
    await setStage(context, merge, { stage: 'open', final: merge.final });
  }
  const moved = await clearSources(context, merge);
  await setStage(context, merge, { stage: 'done' });
  return { messagesMoved: moved, ...counts };
}

async function setStage(context: TaskContext, merge: Merge, fields: Partial<Merge>): Promise<void> {
  await collectionsOf(context).merges.updateOne(
    { _id: merge._id },
    { $set: fields },
    { writeConcern: COMMITTED },
  );
}

/** Maximum number of lost races in a row. More than that indicates damaged data, so the error is thrown. */
const MAX_LOST_RACES = 100;

async function repeatUntilDone(copy: () => Promise<number>): Promise<void> {
  let lostRaces = 0;
  for (;;) {
    try {
      if ((await copy()) === 0) return;
      lostRaces = 0;
    } catch (error) {
      lostRaces += 1;
      if (!(error instanceof LostRace) || lostRaces > MAX_LOST_RACES) throw error;
    }
  }
}

/** Copies messages while users still write to the old logs. Can be stopped between two batches. */
async function copyMost(context: TaskContext, merge: Merge): Promise<void> {
  if (merge.isSurvivor) return;
  const collections = collectionsOf(context);
  const left = async (): Promise<number> => {
    const tails = await Promise.all(merge.sources.map((id) => findTail(collections.messages, id)));
    const copied = await findTail(collections.messages, merge._id);
    return tails.reduce((sum, { seq }) => sum + seq, 0) - copied.seq;
  };
  while ((await left()) > MAX_REMAINING) {
    if (context.isStopping()) throw new Stopped();
    // A lost race against another run costs one round. Servers do not write to the target yet.
    await copyMessages(collections, merge).catch((error: unknown) => {
      if (!(error instanceof LostRace)) throw error;
    });
  }
}

/** Stores the documents as they were, for the audit trail and for `undo`. */
async function storeBefore(context: TaskContext, merge: Merge): Promise<void> {
  if (merge.before !== undefined) return;
  const { conversations, members } = collectionsOf(context);
  const all = merge.isSurvivor ? [...merge.sources, merge._id] : merge.sources;
  merge.before = {
    conversations: await conversations
      .find({ _id: { $in: all } }, FROM_PRIMARY)
      .sort({ _id: 1 })
      .toArray(),
    members: await members
      .find({ conversationId: { $in: all } }, FROM_PRIMARY)
      .sort({ _id: 1 })
      .toArray(),
  };
  await setStage(context, merge, { before: merge.before });
}

/** Copies messages again that were edited or deleted after they had been copied. The old logs are sealed now. */
async function refreshChanged(context: TaskContext, merge: Merge): Promise<void> {
  const { messages, changes, moved, archived } = collectionsOf(context);
  for (const conversationId of merge.sources) {
    const since = merge.revs[conversationId.toHexString()] ?? 0;
    const cursor = changes.find(
      { conversationId, rev: { $gt: since } },
      { ...FROM_PRIMARY, projection: { seq: 1 } },
    );
    const seqs = new Set<number>();
    for await (const { seq } of cursor) seqs.add(seq as number);
    for (const seq of seqs) {
      const [old, row] = await Promise.all([
        messages.findOne({ conversationId, seq }, FROM_PRIMARY),
        moved.findOne({ conversationId, seq }, FROM_PRIMARY),
      ]);
      if (old === null || row === null || isSeal(old)) continue;
      const newId = row['newId'] as ObjectId;
      const text = await archived.findOne({ _id: old._id }, FROM_PRIMARY);
      const stub = { _id: newId, conversationId: merge._id, seq: row['toSeq'] as number };
      if (text !== null) await putArchived(archived, text, stub);
      await refreshOne(messages, { old, newId });
    }
  }
}

const POSITION_FIELDS = [
  '_id',
  'conversationId',
  'seq',
  'n',
  'control',
  'controlSeq',
  'replyTo',
  'clientMessageId',
];

async function refreshOne(
  messages: mongoose.mongo.Collection,
  { old, newId }: { old: Stored; newId: ObjectId },
): Promise<void> {
  const copy = await messages.findOne({ _id: newId }, FROM_PRIMARY);
  if (copy === null) return;
  const position = Object.fromEntries(
    POSITION_FIELDS.filter((name) => copy[name] !== undefined).map((name) => [name, copy[name] as unknown]),
  );
  const revs = {
    ...(old['editRev'] !== undefined && { editRev: numberOf(copy['editRev']) }),
    ...(old['reactRev'] !== undefined && { reactRev: numberOf(copy['reactRev']) }),
  };
  await messages.replaceOne({ _id: newId }, { ...old, ...position, ...revs }, { writeConcern: COMMITTED });
}

/**
 * Removes the content of the old logs: a text that is deleted later must not survive there. The `seq`s stay occupied by
 * stubs. Otherwise a server whose cached tail is older than the seal could find a free `seq` before it.
 */
async function clearSources(context: TaskContext, merge: Merge): Promise<number> {
  let moved = 0;
  const related = RELATED.filter(({ isKept }) => isKept !== true).map(({ collection }) => collection);
  for (const conversationId of merge.sources) {
    moved += await leaveStubs(context, conversationId);
    await emptyChanges(context, conversationId);
    for (const name of ['archived_messages', 'members', ...related]) {
      await removeAll(context.collection(name), conversationId);
    }
  }
  return moved;
}

/** Returns a stub without content. A client that reads an old log sees that an entry existed. */
const toStub = ({ _id, conversationId, seq, n, control, createdAt }: Stored): Stored => ({
  _id: _id as unknown,
  conversationId: conversationId as unknown,
  seq: seq as unknown,
  n: numberOf(n),
  control: numberOf(control),
  senderId: '',
  clientMessageId: `moved:${String(seq)}`,
  payloadHash: '',
  kind: 'system',
  content: '',
  silent: true,
  moved: true,
  createdAt: createdAt as unknown,
});

async function leaveStubs(context: TaskContext, conversationId: ObjectId): Promise<number> {
  const messages = context.collection('messages');
  let count = 0;
  for (let last = 0; ;) {
    const page = await messages
      .find({ conversationId, seq: { $gt: last } }, FROM_PRIMARY)
      .sort({ seq: 1 })
      .limit(CLEAR_BATCH)
      .toArray();
    if (page.length === 0) return count;
    last = numberOf(page.at(-1)?.['seq']);
    const whole = page.filter((message) => message['moved'] !== true && !isSeal(message));
    if (whole.length === 0) continue;
    await messages.bulkWrite(
      whole.map((message) => ({
        replaceOne: { filter: { _id: message._id }, replacement: toStub(message) },
      })),
      { ordered: false, writeConcern: COMMITTED },
    );
    count += whole.length;
  }
}

/** Replaces all changes by ones without content or effect (an unpin). */
async function emptyChanges(context: TaskContext, conversationId: ObjectId): Promise<void> {
  const changes = context.collection('changes');
  const tail = await findRevTail(changes, conversationId);
  for (let from = 0; from < tail; from += CLEAR_BATCH) {
    await changes.updateMany(
      { conversationId, rev: { $gt: from, $lte: from + CLEAR_BATCH } },
      { $set: { kind: 'pin', what: { on: false } } },
      { writeConcern: COMMITTED },
    );
  }
}

async function removeAll(collection: mongoose.mongo.Collection, conversationId: ObjectId): Promise<void> {
  for (;;) {
    const page = await collection
      .find({ conversationId }, { ...FROM_PRIMARY, projection: { _id: 1 } })
      .limit(CLEAR_BATCH)
      .toArray();
    if (page.length === 0) return;
    const ids = page.map(({ _id }) => _id);
    await collection.deleteMany({ _id: { $in: ids } }, { writeConcern: COMMITTED });
  }
}
