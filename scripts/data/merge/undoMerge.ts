import type mongoose from 'mongoose';
import { z } from 'zod';
import { defineEntryKind, objectIdSchema } from '../frame/entryKinds.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { canonical } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import { SEAL_SALT } from './copyChanges.js';
import { putArchived, toOld } from './copyMessages.js';
import { stateOf } from './open.js';
import { restoreEmojis, RELATED } from './related.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { collectionsOf, FROM_PRIMARY, newIdOf, type Merge, type ObjectId } from './stored.js';

/** Age of the last heartbeat after which a server process counts as dead, in ms. */
const GONE_AFTER_MS = 15_000;
const PAGE = 200;

async function isServerRunning(context: TaskContext): Promise<boolean> {
  const processes = context.collection('processes');
  const reply = await context.connection.db?.command({ hello: 1 });
  const now: unknown = reply?.['localTime'];
  const nowMs = now instanceof Date ? now.getTime() : Date.now();
  const found = await processes.find({}, FROM_PRIMARY).toArray();
  return found.some(({ at }) => at instanceof Date && nowMs - at.getTime() < GONE_AFTER_MS);
}

/**
 * Undoes a merge. This makes logs shorter, which running servers do not expect, so they must be stopped. Message texts
 * are taken from the target, because the journal holds none.
 */
export const mergeKind = defineEntryKind({
  kind: 'merge',
  schema: z.object({
    kind: z.literal('merge'),
    into: objectIdSchema,
    sources: z.array(objectIdSchema),
    key: z.string(),
  }),
  async judge({ into: id, sources }, context) {
    const { merges, conversations } = collectionsOf(context);
    const merge = await merges.findOne({ _id: id }, FROM_PRIMARY);
    if (merge === null || canonical(merge.sources) !== canonical(sources)) return 'skip';
    if (await isServerRunning(context)) {
      return {
        refusal: `a server is running: stop all servers to undo the merge into ${String(id)}`,
      };
    }
    const target = await conversations.findOne({ _id: id }, FROM_PRIMARY);
    if (target?.['mergedInto'] !== undefined) {
      return { refusal: `conversation ${String(id)} has been merged further since` };
    }
    if (merge.final === undefined || merge.isUndoing === true) return 'undo';
    const now = await stateOf(context, id);
    return canonical(now) === canonical(merge.final)
      ? 'undo'
      : { refusal: `conversation ${String(id)} has been written to or read since` };
  },
  async undo({ into }, context) {
    const { merges } = collectionsOf(context);
    const merge = await merges.findOne({ _id: into }, FROM_PRIMARY);
    if (merge === null) return;
    // From here on the target differs from `final`. This flag identifies an interrupted undo.
    await merges.updateOne({ _id: into }, { $set: { isUndoing: true } }, { writeConcern: COMMITTED });
    await restoreLogs(context, merge);
    await restoreRelated(context, merge);
    await restoreDocuments(context, merge);
    await removeTarget(context, merge);
    const earlier = merge['earlier'] as Merge | undefined;
    if (earlier !== undefined) await merges.replaceOne({ _id: merge._id }, earlier);
    else await merges.deleteOne({ _id: merge._id });
  },
});

const put = (collection: mongoose.mongo.Collection, documents: readonly Stored[]) =>
  documents.length === 0
    ? Promise.resolve()
    : collection
        .bulkWrite(
          documents.map((document) => ({
            replaceOne: {
              filter: { _id: document['_id'] as ObjectId },
              replacement: document,
              upsert: true,
            },
          })),
          { writeConcern: COMMITTED },
        )
        .then(() => undefined);

/** Filter for rows of this merge. A surviving target may also hold rows of an earlier merge, which stay. */
const movedBy = (merge: Merge) => ({ into: merge._id, conversationId: { $in: merge.sources } });

/** Restores old messages and changes from their copies. */
async function restoreLogs(context: TaskContext, merge: Merge): Promise<void> {
  const { messages, changes, moved } = collectionsOf(context);
  const seals = merge.sources.map((id) => newIdOf(merge._id, id, SEAL_SALT));
  await changes.deleteMany({ _id: { $in: seals } });
  await messages.deleteMany({ conversationId: { $in: merge.sources }, 'action.type': 'sealed' });
  for (const [field, log] of [
    ['toSeq', messages],
    ['toRev', changes],
  ] as const) {
    const filter = { ...movedBy(merge), [field]: { $gt: 0 } };
    for await (const rows of scanPages(moved, { filter, batch: PAGE })) {
      if (log === messages) await restoreArchived(context, rows);
      const ids = rows.map(({ newId }) => newId as ObjectId);
      const copies = new Map(
        (await log.find({ _id: { $in: ids } }, FROM_PRIMARY).toArray()).map((copy) => [
          String(copy._id),
          copy,
        ]),
      );
      await put(
        log,
        rows.flatMap((row) => {
          const copy = copies.get(String(row['newId']));
          return copy === undefined ? [] : [toOld(copy, row)];
        }),
      );
    }
  }
}

async function restoreArchived(context: TaskContext, rows: readonly Stored[]): Promise<void> {
  const { archived } = collectionsOf(context);
  const byNewId = new Map(rows.map((row) => [String(row['newId']), row]));
  const found = await archived
    .find({ _id: { $in: rows.map(({ newId }) => newId as ObjectId) } }, FROM_PRIMARY)
    .toArray();
  for (const copy of found) {
    const row = byNewId.get(String(copy._id));
    if (row === undefined) continue;
    const { editRev } = row['was'] as Stored;
    await putArchived(archived, copy, { ...row, editRev: editRev as unknown });
  }
}

async function restoreRelated(context: TaskContext, merge: Merge): Promise<void> {
  for (const { collection: name } of RELATED) {
    const filter = { ...movedBy(merge), side: name };
    for await (const rows of scanPages(context.collection('moved'), { filter, batch: PAGE })) {
      const collection = context.collection(name);
      const copies = await collection
        .find({ _id: { $in: rows.map(({ newId }) => newId as ObjectId) } }, FROM_PRIMARY)
        .toArray();
      const byId = new Map(copies.map((copy) => [String(copy._id), copy as Stored]));
      await put(
        collection,
        rows.flatMap(({ was, newId }) => restoreEmojis(was as Stored, byId.get(String(newId))) ?? []),
      );
    }
  }
}

async function restoreDocuments(context: TaskContext, merge: Merge): Promise<void> {
  const { conversations, members } = collectionsOf(context);
  const { before } = merge;
  if (before === undefined) return;
  const all = before.conversations.map(({ _id }) => _id as ObjectId);
  const kept = before.members.map(({ _id }) => _id as ObjectId);
  await members.deleteMany({ conversationId: { $in: all }, _id: { $nin: kept } });
  await put(members, before.members);
  await put(conversations, before.conversations);
  for (const { id, mergedInto, hadKey } of merge.redirected ?? []) {
    const fields = { mergedInto, ...(hadKey === true && { participantsKey: merge.key }) };
    await conversations.updateOne({ _id: id }, { $set: fields }, { writeConcern: COMMITTED });
  }
}

/** Removes the target; from a surviving one only what the merge has added. */
async function removeTarget(context: TaskContext, merge: Merge): Promise<void> {
  const { conversations, moved } = collectionsOf(context);
  const names = [
    'messages',
    'archived_messages',
    'changes',
    'members',
    ...RELATED.filter(({ isKept }) => isKept !== true).map(({ collection }) => collection),
  ];
  if (merge.isSurvivor) {
    for await (const rows of scanPages(moved, { filter: movedBy(merge), batch: PAGE })) {
      const ids = rows.filter(({ side }) => side !== 'reports').map(({ newId }) => newId as ObjectId);
      for (const name of names) await context.collection(name).deleteMany({ _id: { $in: ids } });
    }
  } else {
    for (const name of names) await context.collection(name).deleteMany({ conversationId: merge._id });
    await conversations.deleteOne({ _id: merge._id });
  }
  await moved.deleteMany(movedBy(merge));
}
