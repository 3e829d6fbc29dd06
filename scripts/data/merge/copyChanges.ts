import type { Stored } from '../frame/stored.js';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  findRevTail,
  insertMissing,
  newIdOf,
  numberOf,
  throwLostRaceOr,
  newPositionsOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 200;
/**
 * Salt of the id of the entry that ends a change log. That entry unpins a message that was never pinned, so it changes
 * nothing.
 */
export const SEAL_SALT = 'seal of the changes';

const isSealOf = (merge: Merge, change: Stored): boolean =>
  merge.sources.some((id) => String(newIdOf(merge._id, id, SEAL_SALT)) === String(change['_id']));

/** Returns the next changes that are not copied yet, ordered by time. Each log keeps its own order. */
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
    // A log whose page is used up may have more changes that are earlier than those of the others.
    if (batch.length >= BATCH) return batch;
  }
}

const timeOf = (change: Stored | undefined): number => {
  const at: unknown = change?.['at'];
  return at instanceof Date ? at.getTime() : 0;
};

/**
 * Appends the next changes of the old logs to the new one, and stores the new `rev` in the messages concerned. Called
 * when the old logs are sealed. @returns the number of copied changes; 0 when nothing is left.
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
  const newSeqs = await seqsOf(moved, batch);
  for (const old of batch) {
    const newId = newIdOf(merge._id, old['_id']);
    const stored = revs.get(newId.toHexString());
    if (stored === undefined) rev += 1;
    const seq = (await newSeqs.get(String(old['conversationId']))?.(numberOf(old['seq']))) ?? 0;
    copies.push({ old, copy: stored ?? { ...old, _id: newId, conversationId: merge._id, rev, seq } });
  }
  const fresh = copies.filter(({ copy }) => !revs.has(String(copy['_id']))).map(({ copy }) => copy);
  try {
    if (fresh.length > 0) await changes.insertMany(fresh, { ordered: true, writeConcern: COMMITTED });
  } catch (error) {
    throwLostRaceOr(error);
  }
  await updateRevs(
    collections,
    merge,
    copies.map(({ copy }) => copy),
  );
  // Written last: a row in `moved` means that the change is copied completely.
  await insertMissing(
    moved,
    copies.map(({ old, copy }) => ({
      _id: old['_id'] as ObjectId,
      conversationId: old['conversationId'] as ObjectId,
      into: merge._id,
      newId: copy['_id'] as ObjectId,
      rev: numberOf(old['rev']),
      toRev: numberOf(copy['rev']),
      was: { rev: old['rev'] as number, seq: old['seq'] as number },
      lacked: [],
    })),
  );
  return batch.length;
}

/** Returns, for each old conversation, a function that maps its `seq` to the new one. */
async function seqsOf(
  moved: Collections['moved'],
  batch: readonly Stored[],
): Promise<Map<string, (seq: number) => Promise<number>>> {
  const entries = [...groupBy(batch, ({ conversationId }) => String(conversationId))].map(
    async ([id, changes]) => {
      const values = changes.map(({ seq }) => numberOf(seq));
      const conversationId = changes[0]?.['conversationId'] as ObjectId;
      return [id, await newPositionsOf(moved, conversationId, { of: 'seq', values })] as const;
    },
  );
  return new Map(await Promise.all(entries));
}

/** Raises `editRev` and `reactRev` of the copied messages to the new `rev`: a message applies only newer changes. */
async function updateRevs(
  { messages, archived }: Collections,
  merge: Merge,
  copies: readonly Stored[],
): Promise<void> {
  const updates = copies.flatMap((copy) => {
    const field = { edit: 'editRev', reaction: 'reactRev' }[String(copy['kind'])];
    // A change by a restricted user (`shadow`) is not applied to its message.
    if (field === undefined || copy['shadow'] === true) return [];
    const filter = { conversationId: merge._id, seq: numberOf(copy['seq']), [field]: { $exists: true } };
    return [{ updateOne: { filter, update: { $max: { [field]: numberOf(copy['rev']) } } } }];
  });
  if (updates.length === 0) return;
  await messages.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
  await archived.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
}
