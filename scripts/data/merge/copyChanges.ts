import type { Stored } from '../frame/task.js';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  findRevTail,
  insertMissing,
  newIdOf,
  numberOf,
  outrunOr,
  placesOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 200;
/** Of the entry that ends a change log: it says that something is not pinned which never was. */
export const SEAL_SALT = 'seal of the changes';

const isSealOf = (merge: Merge, change: Stored): boolean =>
  merge.sources.some((id) => String(newIdOf(merge._id, id, SEAL_SALT)) === String(change['_id']));

/** The first changes of each old log that are not copied yet, by time; each log keeps its own order. */
async function nextChanges({ changes, moved }: Collections, merge: Merge): Promise<Stored[]> {
  const waiting = await Promise.all(
    merge.sources.map(async (conversationId) => {
      const [last] = await moved
        .find({ conversationId, rev: { $gt: 0 } }, FROM_PRIMARY)
        .sort({ rev: -1 })
        .limit(1)
        .toArray();
      const found = await changes
        .find({ conversationId, rev: { $gt: numberOf(last?.['rev']) } }, FROM_PRIMARY)
        .sort({ rev: 1 })
        .limit(BATCH)
        .toArray();
      return found.filter((change) => !isSealOf(merge, change));
    }),
  );
  const batch: Stored[] = [];
  for (;;) {
    const heads = waiting.filter((lane) => lane.length > 0);
    const first = heads.reduce<Stored[] | undefined>(
      (best, lane) => (best === undefined || timeOf(lane[0]) < timeOf(best[0]) ? lane : best),
      undefined,
    );
    const head = first?.shift();
    if (head === undefined) return batch;
    batch.push(head);
    // Behind a page that is used up more may come, before what others hold.
    if (batch.length >= BATCH) return batch;
  }
}

const timeOf = (change: Stored | undefined): number => {
  const at: unknown = change?.['at'];
  return at instanceof Date ? at.getTime() : 0;
};

/**
 * Copies the next changes of the old logs behind the end of the new one, and tells the messages concerned in which place
 * theirs now stands. Called when the old logs are sealed. @returns how many; 0 when nothing is left.
 */
export async function copyChanges(collections: Collections, merge: Merge): Promise<number> {
  const { changes, moved } = collections;
  const batch = await nextChanges(collections, merge);
  if (batch.length === 0) return 0;
  let rev = await findRevTail(changes, merge._id);
  const known = await changes
    .find({ _id: { $in: batch.map(({ _id }) => newIdOf(merge._id, _id)) } }, FROM_PRIMARY)
    .toArray();
  const revs = new Map(known.map((change) => [String(change._id), change]));
  const copies: { old: Stored; copy: Stored }[] = [];
  const places = await seqsOf(moved, batch);
  for (const old of batch) {
    const newId = newIdOf(merge._id, old['_id']);
    const stored = revs.get(newId.toHexString());
    if (stored === undefined) rev += 1;
    const seq = (await places.get(String(old['conversationId']))?.(numberOf(old['seq']))) ?? 0;
    copies.push({ old, copy: stored ?? { ...old, _id: newId, conversationId: merge._id, rev, seq } });
  }
  const fresh = copies.filter(({ copy }) => !revs.has(String(copy['_id']))).map(({ copy }) => copy);
  try {
    if (fresh.length > 0) await changes.insertMany(fresh, { ordered: true, writeConcern: COMMITTED });
  } catch (error) {
    outrunOr(error);
  }
  await applyPlaces(
    collections,
    merge,
    copies.map(({ copy }) => copy),
  );
  // Last: what stands in `moved` is done.
  await insertMissing(
    moved,
    copies.map(({ old, copy }) => ({
      _id: old['_id'] as ObjectId,
      ...{
        conversationId: old['conversationId'] as ObjectId,
        into: merge._id,
        newId: copy['_id'] as ObjectId,
      },
      ...{ rev: numberOf(old['rev']), toRev: numberOf(copy['rev']) },
      was: { rev: old['rev'] as number, seq: old['seq'] as number },
      lacked: [],
    })),
  );
  return batch.length;
}

/** For each old conversation, where its places are now. */
async function seqsOf(
  moved: Collections['moved'],
  batch: readonly Stored[],
): Promise<Map<string, (seq: number) => Promise<number>>> {
  const entries = [...groupBy(batch, ({ conversationId }) => String(conversationId))].map(
    async ([id, changes]) => {
      const values = changes.map(({ seq }) => numberOf(seq));
      const conversationId = changes[0]?.['conversationId'] as ObjectId;
      return [id, await placesOf(moved, conversationId, { of: 'seq', values })] as const;
    },
  );
  return new Map(await Promise.all(entries));
}

/** A message takes of each aspect only what is newer: so it has to know the place of what it has. */
async function applyPlaces(
  { messages, archived }: Collections,
  merge: Merge,
  copies: readonly Stored[],
): Promise<void> {
  const updates = copies.flatMap((copy) => {
    const field = { edit: 'editRev', reaction: 'reactRev' }[String(copy['kind'])];
    if (field === undefined) return [];
    const filter = { conversationId: merge._id, seq: numberOf(copy['seq']), [field]: { $exists: true } };
    return [{ updateOne: { filter, update: { $max: { [field]: numberOf(copy['rev']) } } } }];
  });
  if (updates.length === 0) return;
  await messages.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
  await archived.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
}
