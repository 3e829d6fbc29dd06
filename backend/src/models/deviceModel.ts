import mongoose from 'mongoose';
import type { DeviceInput, PushProviderName, UserId } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { retryRaces } from './insertMany.js';
import { readLimit } from './readLimits.js';

/**
 * A device that gets push notifications.
 *
 * `{ _id: 'sha256 of provider and token', provider: 'fcm', token: '…', userId: 'alice', platform: 'android',
 * tokenIssuedAt: Date, registeredAt: Date }`
 *
 * Invariants: a token of a provider belongs to one user, the one who registered it last. A device is used only while the
 * token of its user that it was registered with is not revoked.
 */
interface DeviceDocument {
  _id: string;
  provider: PushProviderName;
  token: string;
  userId: string;
  platform: DeviceInput['platform'];
  locale?: string;
  appVersion?: string;
  /** `iat` of the user's token that registered the device: revoking that token ends it. */
  tokenIssuedAt: Date;
  registeredAt: Date;
}

export interface DeviceRecord extends Omit<DeviceDocument, 'userId'> {
  userId: UserId;
}

const schema = new mongoose.Schema<DeviceDocument>(
  {
    _id: { type: String, required: true },
    provider: { type: String, required: true },
    token: { type: String, required: true },
    userId: { type: String, required: true },
    platform: { type: String, required: true },
    locale: String,
    appVersion: String,
    tokenIssuedAt: { type: Date, required: true },
    registeredAt: { type: Date, required: true },
  },
  { collection: 'devices', versionKey: false },
);
/** Queries: the devices of users, those registered longest ago first. */
const BY_USER = { userId: 1, registeredAt: 1 } as const;
schema.index(BY_USER);

const toRecord = (doc: DeviceDocument): DeviceRecord => ({ ...doc, userId: doc.userId as UserId });

export function createDeviceModel(connection: mongoose.Connection) {
  const model = connection.model('Device', schema);
  const collection = connection.collection<DeviceDocument>('devices');
  return {
    model,

    /** Registers a device. One write decides to whom it belongs: it is replaced as a whole. */
    async put({ _id, ...device }: DeviceRecord): Promise<void> {
      await retryRaces(() =>
        collection.replaceOne({ _id }, device, { upsert: true, writeConcern: COMMITTED }),
      );
    },

    /** Removes a device, if it belongs to this user. */
    async remove(_id: string, userId: UserId): Promise<void> {
      await collection.deleteOne({ _id, userId }, { writeConcern: COMMITTED });
    },

    /** Removes devices by id, unless they were registered again since `registeredAt`. */
    async removeStale(devices: readonly Pick<DeviceRecord, '_id' | 'registeredAt'>[]): Promise<void> {
      if (devices.length === 0) return;
      await collection.bulkWrite(
        devices
          .toSorted((a, b) => (a._id < b._id ? -1 : 1))
          .map(({ _id, registeredAt }) => ({ deleteOne: { filter: { _id, registeredAt } } })),
        { ordered: false, writeConcern: COMMITTED },
      );
    },

    /** Removes the devices of a user that were registered with a token issued before this time. */
    async removeIssuedBefore(userId: UserId, validFrom: Date): Promise<void> {
      await collection.deleteMany(
        { userId, tokenIssuedAt: { $lt: validFrom } },
        { hint: BY_USER, writeConcern: COMMITTED },
      );
    },

    /** Returns the devices of these users, those registered longest ago first. */
    async findByUsers(userIds: readonly UserId[]): Promise<DeviceRecord[]> {
      if (userIds.length === 0) return [];
      const found = await collection
        .find(
          { userId: { $in: [...userIds] } },
          { sort: { userId: 1, registeredAt: 1 }, hint: BY_USER, readPreference: 'primary', ...readLimit() },
        )
        .toArray();
      return found.map(toRecord);
    },

    /** Returns the devices that still exist, of these. */
    async findByIds(ids: readonly string[]): Promise<DeviceRecord[]> {
      if (ids.length === 0) return [];
      const found = await collection
        .find({ _id: { $in: [...ids] } }, { readPreference: 'primary', ...readLimit() })
        .toArray();
      return found.map(toRecord);
    },
  };
}

export type DeviceModel = ReturnType<typeof createDeviceModel>;
