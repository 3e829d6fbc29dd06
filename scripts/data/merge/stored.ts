import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { BY_MERGE } from '../../../backend/src/models/conversationDocument.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { hasOnlyDuplicates, isDuplicateKey } from '../../../backend/src/models/insertMany.js';

export type ObjectId = mongoose.Types.ObjectId;
export const FROM_PRIMARY = { readPreference: 'primary' } as const;

/** A merge of the conversations of one pair. `_id` is the target. Kept forever as the audit trail. */
export interface Merge extends Stored {
  _id: ObjectId;
  key: string;
  participants: [string, string];
  sources: ObjectId[];
  /** True when the target is one of the pair's conversations and the others were empty. */
  isSurvivor: boolean;
  /** Tails of the sources' change logs before the first message was copied, by conversation id. */
  revs: Record<string, number>;
  stage: 'copying' | 'open' | 'done';
  /** Documents as they were just before the seal, including those of a surviving target. Without message text. */
  before?: { conversations: Stored[]; members: Stored[] };
  /** Conversations that redirected to a source, or to a surviving target. All of them redirect to the target now. */
  redirected?: { id: ObjectId; mergedInto: ObjectId; hadKey?: boolean }[];
  /** Fingerprint of the target after the merge. A difference means that users have written since. */
  final?: { seq: number; rev: number; members: string };
  /** True once `undo` has started to undo the merge. */
  isUndoing?: boolean;
  at: Date;
}

/** The collections that a merge works on. */
export function collectionsOf(context: TaskContext) {
  return {
    conversations: context.collection('conversations'),
    messages: context.collection('messages'),
    changes: context.collection('changes'),
    members: context.collection('members'),
    archived: context.collection('archived_messages'),
    moved: context.collection('moved'),
    merges: context.connection.collection<Merge>('merges'),
  };
}
export type Collections = ReturnType<typeof collectionsOf>;

/**
 * Returns the id of the copy of an old document. It is deterministic, so that repeated or concurrent runs cannot create
 * two copies. Its timestamp is that of the target.
 */
export function newIdOf(into: ObjectId, old: unknown, salt = ''): ObjectId {
  const digest = createHash('sha256')
    .update(`${into.toHexString()} ${String(old)} ${salt}`)
    .digest('hex');
  return mongoose.Types.ObjectId.createFromHexString(into.toHexString().slice(0, 8) + digest.slice(0, 16));
}

/** Thrown when another writer has taken a `seq` or `rev`. The caller reads the log again. */
export class LostRace extends Error {}

/** @throws LostRace when a unique index was violated, otherwise the error itself. */
export function throwLostRaceOr(error: unknown): never {
  throw isDuplicateKey(error)
    ? new LostRace('another writer has taken the seq or rev', { cause: error })
    : error;
}

/** Inserts the documents that do not exist yet. @throws for any error other than a duplicate key. */
export async function insertMissing(
  collection: mongoose.mongo.Collection,
  documents: readonly Stored[],
): Promise<void> {
  if (documents.length === 0) return;
  try {
    await collection.insertMany([...documents], { ordered: false, writeConcern: COMMITTED });
  } catch (error) {
    if (!hasOnlyDuplicates(error)) throw error;
  }
}

export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Returns the position of the last entry of a log. */
export async function findTail(
  messages: mongoose.mongo.Collection,
  conversationId: ObjectId,
): Promise<{ seq: number; n: number; control: number }> {
  const [tail] = await messages
    .find({ conversationId, seq: { $gt: 0 } }, { ...FROM_PRIMARY, projection: { seq: 1, n: 1, control: 1 } })
    .sort({ seq: -1 })
    .limit(1)
    .toArray();
  const seq = numberOf(tail?.['seq']);
  return { seq, n: typeof tail?.['n'] === 'number' ? tail['n'] : seq, control: numberOf(tail?.['control']) };
}

/** Returns the conversations that redirect to one of these. The index exists since `requireLogIndexes`. */
export const findMergedInto = (
  conversations: mongoose.mongo.Collection,
  ids: readonly ObjectId[],
): Promise<Stored[]> =>
  conversations
    .find(
      { mergedInto: { $in: [...ids] } },
      { ...FROM_PRIMARY, projection: { mergedInto: 1, participantsKey: 1 }, hint: BY_MERGE },
    )
    .toArray();

export async function findRevTail(
  changes: mongoose.mongo.Collection,
  conversationId: ObjectId,
): Promise<number> {
  const [tail] = await changes
    .find({ conversationId, rev: { $gt: 0 } }, { ...FROM_PRIMARY, projection: { rev: 1 } })
    .sort({ rev: -1 })
    .limit(1)
    .toArray();
  return numberOf(tail?.['rev']);
}

/** Returns the new `seq` or `rev` of an old one. If the entry has not moved, that of the last moved entry before it. */
export async function newPositionOf(
  moved: mongoose.mongo.Collection,
  conversationId: ObjectId,
  where: { seq: number } | { rev: number },
): Promise<number> {
  const [name, value] = 'seq' in where ? (['seq', where.seq] as const) : (['rev', where.rev] as const);
  const [row] = await moved
    .find({ conversationId, [name]: { $lte: value, $gt: 0 } }, FROM_PRIMARY)
    .sort({ [name]: -1 })
    .limit(1)
    .toArray();
  return numberOf(row?.[name === 'seq' ? 'toSeq' : 'toRev']);
}

const NEW_FIELDS = { seq: 'toSeq', rev: 'toRev' } as const;

/**
 * Looks up the new `seq` or `rev` of many old ones with one query.
 *
 * @returns a function. It queries single values that the result does not contain (see `newPositionOf`).
 */
export async function newPositionsOf(
  moved: mongoose.mongo.Collection,
  conversationId: ObjectId,
  { of: name, values }: { of: keyof typeof NEW_FIELDS; values: readonly number[] },
): Promise<(value: number) => Promise<number>> {
  const rows =
    values.length === 0
      ? []
      : await moved.find({ conversationId, [name]: { $in: [...values] } }, FROM_PRIMARY).toArray();
  const known = new Map(rows.map((row) => [numberOf(row[name]), numberOf(row[NEW_FIELDS[name]])]));
  return async (value) =>
    known.get(value) ??
    newPositionOf(moved, conversationId, name === 'seq' ? { seq: value } : { rev: value });
}
