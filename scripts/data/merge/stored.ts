import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { BY_MERGE } from '../../../backend/src/models/conversationDocument.js';
import type { Stored, TaskContext } from '../frame/task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { hasOnlyDuplicates, isDuplicateKey } from '../../../backend/src/models/insertMany.js';

export type ObjectId = mongoose.Types.ObjectId;
export const FROM_PRIMARY = { readPreference: 'primary' } as const;

/** A merge of the conversations of one pair. `_id` is where everything goes on; kept for ever, as the audit trail. */
export interface Merge extends Stored {
  _id: ObjectId;
  key: string;
  participants: [string, string];
  sources: ObjectId[];
  /** The target was one of the pair's conversations: the others held nothing. */
  isSurvivor: boolean;
  /** Ends of the sources' change logs before the first message was copied, by id. */
  revs: Record<string, number>;
  stage: 'copying' | 'open' | 'done';
  /** What the sources were just before they were sealed; of a surviving target its members, too. No text. */
  before?: { conversations: Stored[]; members: Stored[] };
  /** Conversations that pointed to a source, or to a surviving target, and now all point to the target. */
  redirected?: { id: ObjectId; mergedInto: ObjectId; hadKey?: boolean }[];
  /** The target as the merge left it: what differs from it, people have written since. */
  final?: { seq: number; rev: number; members: string };
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
 * The id of what an old document becomes in a conversation: always the same, so that whoever copies it again, after a
 * kill or beside another run, cannot make a second one. Its time is that of the target.
 */
export function newIdOf(into: ObjectId, old: unknown, salt = ''): ObjectId {
  const digest = createHash('sha256')
    .update(`${into.toHexString()} ${String(old)} ${salt}`)
    .digest('hex');
  return mongoose.Types.ObjectId.createFromHexString(into.toHexString().slice(0, 8) + digest.slice(0, 16));
}

/** Somebody else has taken a place in a log: what was read of it is read again. */
export class Outrun extends Error {}

/** @throws Outrun for a violated unique index, and the error itself for anything else. */
export function outrunOr(error: unknown): never {
  throw isDuplicateKey(error) ? new Outrun('a place in a log was taken', { cause: error }) : error;
}

/** Inserts what is not there yet. @throws for any other reason than that something is. */
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

/** The last entry of a log. */
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

/** What leads to one of these conversations, because it was merged. `requireLogIndexes` sees to the index. */
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

/** Where an old place is now; of one that did not move, the last one before it. */
export async function placeOf(
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

const PLACES = { seq: 'toSeq', rev: 'toRev' } as const;

/**
 * Where many old places of one log are now, in one question.
 *
 * @returns a function, so that one that did not move is asked for by itself (see `placeOf`).
 */
export async function placesOf(
  moved: mongoose.mongo.Collection,
  conversationId: ObjectId,
  { of: name, values }: { of: keyof typeof PLACES; values: readonly number[] },
): Promise<(value: number) => Promise<number>> {
  const rows =
    values.length === 0
      ? []
      : await moved.find({ conversationId, [name]: { $in: [...values] } }, FROM_PRIMARY).toArray();
  const places = new Map(rows.map((row) => [numberOf(row[name]), numberOf(row[PLACES[name]])]));
  return async (value) =>
    places.get(value) ?? placeOf(moved, conversationId, name === 'seq' ? { seq: value } : { rev: value });
}
