import mongoose from 'mongoose';
import type { Scope } from '../../../contract/index.js';
import type { ChangeMarks } from './changeMarks.js';
import { COMMITTED } from './committed.js';
import { op } from './operators.js';

/**
 * A key of the app's backend.
 *
 * `{ _id: '9f2c41d07ab3', name: 'backend', scopes: ['users', 'messages'], hash: 'base64url', createdAt: Date, changedAt:
 * Date }`
 *
 * Invariants: the secret itself is never stored. A revoked key stays as a document, so that the audit log can be read.
 * Keys of one name replace each other (rotation) and share their idempotency keys.
 */
interface ApiKeyDocument {
  /** Public part of the key. */
  _id: string;
  name: string;
  scopes: Scope[];
  /** SHA-256 of the secret part. The secret has 256 random bits, so a slow hash would add nothing. */
  hash: string;
  createdAt: Date;
  /** Time from which the key is refused: set when it was rotated. */
  expiresAt?: Date;
  revokedAt?: Date;
  /** Database time of the last change. Every process reads what changed. */
  changedAt: Date;
}

export type ApiKeyRecord = ApiKeyDocument;

const schema = new mongoose.Schema<ApiKeyDocument>(
  {
    _id: { type: String, required: true },
    name: { type: String, required: true },
    scopes: { type: [String], required: true },
    hash: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: Date,
    revokedAt: Date,
    changedAt: { type: Date, required: true },
  },
  { collection: 'api_keys', versionKey: false },
);
/** Query: changed keys. Every process reads it after a change. */
const BY_CHANGE = { changedAt: 1 } as const;
schema.index(BY_CHANGE);

export function createApiKeyModel(connection: mongoose.Connection, marks: ChangeMarks) {
  const model = connection.model('ApiKey', schema);

  /** Sets fields of a key that are not set yet. Returns the key after it; undefined when there is none. */
  async function close(
    _id: string,
    field: 'revokedAt' | 'expiresAt',
    at: Date,
  ): Promise<ApiKeyRecord | undefined> {
    await model.updateOne(
      { _id, [field]: op({ $exists: false }) },
      { $set: { [field]: at }, $currentDate: { changedAt: true } },
      { writeConcern: COMMITTED },
    );
    await marks.note('apiKeys');
    return (await model.findById(_id).read('primary').lean()) ?? undefined;
  }

  return {
    model,

    async insert(key: Pick<ApiKeyRecord, '_id' | 'name' | 'scopes' | 'hash'>): Promise<void> {
      const { _id, ...fields } = key;
      await model.updateOne(
        { _id },
        { $setOnInsert: fields, $currentDate: { createdAt: true, changedAt: true } },
        { upsert: true, writeConcern: COMMITTED },
      );
      await marks.note('apiKeys');
    },

    /** Refuses a key from now on. A key that was revoked before keeps its time. */
    revoke: (id: string, at: Date): Promise<ApiKeyRecord | undefined> => close(id, 'revokedAt', at),

    /** Lets a key expire. A key that expires already keeps its time. */
    expire: (id: string, at: Date): Promise<ApiKeyRecord | undefined> => close(id, 'expiresAt', at),

    /** Returns all keys, the oldest first, those that are revoked among them: there are few. */
    async findAll(): Promise<ApiKeyRecord[]> {
      const found = await model.find().read('primary').lean();
      return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    },

    /** Returns the keys that changed at `since` (database time) or later. */
    findChangedSince: (since: Date): Promise<ApiKeyRecord[]> =>
      model
        .find({ changedAt: op({ $gte: since }) })
        .hint(BY_CHANGE)
        .read('primary')
        .lean(),
  };
}

export type ApiKeyModel = ReturnType<typeof createApiKeyModel>;
