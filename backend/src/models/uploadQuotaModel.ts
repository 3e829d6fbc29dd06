import mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import { op } from './operators.js';

/**
 * Files and bytes that a user has announced on one day (UTC).
 *
 * `{ _id: '2026-11-29 alice', files: 3, bytes: 1234567, expiresAt: Date }`
 *
 * Invariant: only rises, so that deleting files gives nothing back.
 */
interface UploadQuotaDocument {
  _id: string;
  files: number;
  bytes: number;
  expiresAt: Date;
}

const schema = new mongoose.Schema<UploadQuotaDocument>(
  { _id: { type: String, required: true }, files: Number, bytes: Number, expiresAt: Date },
  { collection: 'upload_quotas', versionKey: false },
);
/** Query: quotas of past days, to remove. */
const BY_EXPIRY = { expiresAt: 1 } as const;
schema.index(BY_EXPIRY);

const DAY_MS = 86_400_000;
const MAX_ATTEMPTS = 3;

export function createUploadQuotaModel(connection: mongoose.Connection) {
  const model = connection.model('UploadQuota', schema);
  const collection = connection.collection<UploadQuotaDocument>('upload_quotas');
  return {
    model,

    /** Takes one file of this size from a user's quota of the day. False when it does not fit. */
    async take(
      userId: UserId,
      {
        sizeBytes,
        maxFiles,
        maxBytes,
        now,
      }: { sizeBytes: number; maxFiles: number; maxBytes: number; now: Date },
    ): Promise<boolean> {
      if (sizeBytes > maxBytes || maxFiles < 1) return false;
      const _id = `${now.toISOString().slice(0, 10)} ${userId}`;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const { matchedCount } = await retryRaces(() =>
          model.updateOne(
            { _id, files: op({ $lt: maxFiles }), bytes: op({ $lte: maxBytes - sizeBytes }) },
            { $inc: { files: 1, bytes: sizeBytes } },
            { writeConcern: COMMITTED },
          ),
        );
        if (matchedCount === 1) return true;
        try {
          const first = { _id, files: 1, bytes: sizeBytes, expiresAt: new Date(now.getTime() + 2 * DAY_MS) };
          await collection.insertOne(first, { writeConcern: COMMITTED });
          return true;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          // Exhausted, or another first file of the day was stored just now.
          const found = await model.findById(_id).read('primary').lean();
          if (found === null || found.files >= maxFiles || found.bytes > maxBytes - sizeBytes) return false;
        }
      }
      return false;
    },

    /** Removes the quotas of past days. */
    async removeExpired(now: Date): Promise<void> {
      await model.deleteMany({ expiresAt: op({ $lt: now }) });
    },
  };
}

export type UploadQuotaModel = ReturnType<typeof createUploadQuotaModel>;
