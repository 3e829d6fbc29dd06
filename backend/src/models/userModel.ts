import mongoose from 'mongoose';
import { op } from './operators.js';
import type { PrivacyView, UserId } from '../../../contract/index.js';
import { Backoff } from '../utils/backoff.js';
import { sleep } from '../utils/clock.js';
import { insertEach } from './insertMany.js';

/** A user, made with their first connection; `_id` is the token's subject, any string the app chose. */
interface UserDocument {
  _id: string;
  name?: string;
  avatar?: string;
  lastSeenAt?: Date;
  /** Tokens issued before this second are refused: set on "log out everywhere". */
  tokensValidFrom?: Date;
  /** Since when they may not come in, whatever token they bring. */
  bannedAt?: Date;
  /** Since when nobody else sees what they send. */
  restrictedAt?: Date;
  /** What they show of themselves, where it is not the usual. */
  privacy?: Partial<PrivacyView>;
  /** Database time of the last change of anything but `lastSeenAt`: every process follows it. */
  profileChangedAt: Date;
  createdAt: Date;
}

export interface UserRecord extends Omit<UserDocument, '_id'> {
  _id: UserId;
}

export interface Profile {
  name?: string | undefined;
  avatar?: string | undefined;
}

const schema = new mongoose.Schema<UserDocument>(
  {
    _id: { type: String, required: true },
    name: String,
    avatar: String,
    lastSeenAt: Date,
    tokensValidFrom: Date,
    bannedAt: Date,
    restrictedAt: Date,
    privacy: mongoose.Schema.Types.Mixed,
    profileChangedAt: Date,
    createdAt: Date,
  },
  { collection: 'users', versionKey: false },
);
/** What every process asks twice a second: whose name or token validity changed. */
const BY_PROFILE_CHANGE = { profileChangedAt: 1 } as const;
/** Who is under a shadow restriction: few, and known to every process from its start. */
const BY_RESTRICTION = { restrictedAt: 1 } as const;
schema.index(BY_PROFILE_CHANGE);
schema.index(BY_RESTRICTION, { sparse: true });

const toRecord = (doc: UserDocument): UserRecord => ({ ...doc, _id: doc._id as UserId });

const withoutUndefined = (profile: Profile): { name?: string; avatar?: string } => ({
  ...(profile.name !== undefined && { name: profile.name }),
  ...(profile.avatar !== undefined && { avatar: profile.avatar }),
});

/** Between two tries of inserts that met others at the same instant, in ms. */
const RETRY_FIRST_MS = 5;
const RETRY_MAX_MS = 100;

export function createUserModel(connection: mongoose.Connection) {
  const model = connection.model('User', schema);
  const collection = connection.collection<UserDocument>('users');
  const find = (filter: mongoose.QueryFilter<UserDocument>) => model.find(filter);
  const update = async (userId: UserId, set: Partial<UserDocument>): Promise<UserRecord> => {
    const found = await model
      .findOneAndUpdate(
        { _id: userId },
        { $set: set, $currentDate: { profileChangedAt: true }, $setOnInsert: { createdAt: new Date() } },
        { upsert: true, returnDocument: 'after' },
      )
      .lean();
    return toRecord(found);
  };

  return {
    model,

    async findByIds(ids: readonly UserId[]): Promise<UserRecord[]> {
      return ids.length === 0 ? [] : (await find({ _id: op({ $in: ids }) }).lean()).map(toRecord);
    },

    /**
     * Makes those of these users that are not there; never changes one that is.
     *
     * @param now database time, so that other processes notice.
     */
    async insertMissing(users: readonly { _id: UserId; profile: Profile }[], now: Date): Promise<void> {
      const documents = users
        .toSorted((a, b) => (a._id < b._id ? -1 : 1))
        .map(({ _id, profile }) => ({
          _id,
          ...withoutUndefined(profile),
          profileChangedAt: now,
          createdAt: now,
        }));
      const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
      let missing = documents;
      while (missing.length > 0) {
        const tried = missing;
        const results = await insertEach(tried.length, false, () =>
          collection.insertMany(tried, { ordered: false }),
        );
        for (const result of results) if (result.outcome === 'failed') throw result.error;
        missing = tried.filter((_, index) => results[index]?.outcome === 'untried');
        if (missing.length > 0) await sleep(backoff.next());
      }
    },

    updateProfile: (userId: UserId, profile: Profile): Promise<UserRecord> =>
      update(userId, withoutUndefined(profile)),

    revokeTokens: (userId: UserId, validFrom: Date): Promise<UserRecord> =>
      update(userId, { tokensValidFrom: validFrom }),

    /** Restricts a user from a moment on, or no longer; also one who was never here. */
    async setRestriction(userId: UserId, restrictedAt: Date | undefined): Promise<UserRecord> {
      if (restrictedAt !== undefined) return update(userId, { restrictedAt });
      const found = await model
        .findOneAndUpdate(
          { _id: userId },
          {
            $unset: { restrictedAt: 1 },
            $currentDate: { profileChangedAt: true },
            $setOnInsert: { createdAt: new Date() },
          },
          { upsert: true, returnDocument: 'after' },
        )
        .lean();
      return toRecord(found);
    },

    async findRestricted(): Promise<UserRecord[]> {
      return (
        await find({ restrictedAt: op({ $exists: true }) })
          .hint(BY_RESTRICTION)
          .lean()
      ).map(toRecord);
    },

    /** Sets what a user shows of themselves; what is not named stays. */
    async setPrivacy(userId: UserId, settings: Partial<PrivacyView>): Promise<UserRecord> {
      const set = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [`privacy.${name}`, value]),
      );
      return update(userId, set);
    },

    /** Bans a user from a moment on, or lets them in again. @returns undefined when there is no such user. */
    async setBan(userId: UserId, bannedAt: Date | undefined): Promise<UserRecord | undefined> {
      const found = await model
        .findOneAndUpdate(
          { _id: userId },
          {
            ...(bannedAt === undefined ? { $unset: { bannedAt: 1 } } : { $set: { bannedAt } }),
            $currentDate: { profileChangedAt: true },
          },
          { returnDocument: 'after' },
        )
        .lean();
      return found === null ? undefined : toRecord(found);
    },

    /** Users whose name, avatar or token validity changed since then (database time). */
    async findChangedSince(since: Date): Promise<UserRecord[]> {
      return (
        await find({ profileChangedAt: op({ $gte: since }) })
          .hint(BY_PROFILE_CHANGE)
          .lean()
      ).map(toRecord);
    },

    /** Keeps when users were last seen, all in one round trip. */
    async updateLastSeen(seen: ReadonlyMap<UserId, Date>): Promise<void> {
      await collection.bulkWrite(
        [...seen]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([_id, at]) => ({ updateOne: { filter: { _id }, update: { $max: { lastSeenAt: at } } } })),
        { ordered: false },
      );
    },
  };
}

export type UserModel = ReturnType<typeof createUserModel>;
