import mongoose from 'mongoose';
import { COMMITTED } from './committed.js';
import { isDuplicateKey } from './insertMany.js';

/** Time that an answer is kept, in seconds. */
export const KEPT_S = 86_400;

/**
 * A writing call with an `Idempotency-Key`.
 *
 * `{ _id: 'backend\nmatch-17', hash: 'base64url', owner: 'uuid', claimedUntil: Date, answer: {…}, createdAt: Date }`
 *
 * Invariants: at most one owner at a time runs the call. Once `answer` is set nothing changes any more. An answer holds ids
 * and numbers, never a text (`contract/serverOutputs.ts`).
 */
interface IdempotencyDocument {
  /** Name of the API key and the client's key, joined by a line feed, which neither contains. */
  _id: string;
  /** Hash of route and input. The same key with another hash is a conflict. */
  hash: string;
  /** Identifies the attempt that runs the call. */
  owner: string;
  /** Database time from which another attempt may run the call: its process may have died. */
  claimedUntil: Date;
  /** Answer of the successful call. */
  answer?: object;
  createdAt: Date;
}

export interface Claim {
  _id: string;
  hash: string;
  owner: string;
  /** Database time. */
  now: Date;
  claimedUntil: Date;
}

export type ClaimResult =
  | { outcome: 'claimed' }
  | { outcome: 'conflict' }
  /** Another attempt runs the call. */
  | { outcome: 'running' }
  | { outcome: 'answered'; answer: object };

const schema = new mongoose.Schema<IdempotencyDocument>(
  {
    _id: { type: String, required: true },
    hash: { type: String, required: true },
    owner: { type: String, required: true },
    claimedUntil: { type: Date, required: true },
    answer: mongoose.Schema.Types.Mixed,
    createdAt: { type: Date, required: true },
  },
  { collection: 'idempotency', versionKey: false, minimize: false },
);
/** The database removes answers after `KEPT_S`. */
schema.index({ createdAt: 1 }, { expireAfterSeconds: KEPT_S });

export function createIdempotencyModel(connection: mongoose.Connection) {
  const model = connection.model('Idempotency', schema);
  const collection = connection.collection<IdempotencyDocument>('idempotency');

  return {
    model,

    /** Claims a call for one attempt, or says what became of it. One write if the key is new. */
    async claim({ _id, hash, owner, now, claimedUntil }: Claim): Promise<ClaimResult> {
      try {
        const first = { _id, hash, owner, claimedUntil, createdAt: now };
        await collection.insertOne(first, { writeConcern: COMMITTED });
        return { outcome: 'claimed' };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const found = await model.findById(_id).read('primary').lean();
      // The database removes expired documents at intervals, so an expired one may still be there.
      const isExpired = found !== null && now.getTime() - found.createdAt.getTime() > KEPT_S * 1_000;
      if (found !== null && !isExpired) {
        if (found.hash !== hash) return { outcome: 'conflict' };
        if (found.answer !== undefined) return { outcome: 'answered', answer: found.answer };
        if (found.claimedUntil > now && found.owner !== owner) return { outcome: 'running' };
      }
      const { matchedCount } = await collection.updateOne(
        {
          _id,
          ...(found !== null && { owner: found.owner, claimedUntil: found.claimedUntil }),
        },
        {
          $set: { hash, owner, claimedUntil, ...(isExpired && { createdAt: now }) },
          ...(isExpired && { $unset: { answer: 1 as const } }),
        },
        { writeConcern: COMMITTED },
      );
      return { outcome: matchedCount === 1 && found !== null ? 'claimed' : 'running' };
    },

    /** Stores the answer of a call, unless another attempt has stored one. */
    async complete(_id: string, owner: string, answer: object): Promise<void> {
      await collection.updateOne(
        { _id, owner, answer: { $exists: false } },
        { $set: { answer } },
        { writeConcern: COMMITTED },
      );
    },

    /** Ends a claim without an answer: the call failed, and may be tried again with the same input. */
    async release(_id: string, owner: string, now: Date): Promise<void> {
      await collection.updateOne({ _id, owner }, { $set: { claimedUntil: now } });
    },
  };
}

export type IdempotencyModel = ReturnType<typeof createIdempotencyModel>;
