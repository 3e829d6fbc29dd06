import mongoose from 'mongoose';
import { op } from './operators.js';
import type { NotificationsView, PrivacyView, UserId } from '../../../contract/index.js';
import { Backoff } from '../utils/backoff.js';
import { sleep } from '../utils/clock.js';
import type { ChangeMarks } from './changeMarks.js';
import { COMMITTED } from './committed.js';
import { insertEach, retryRaces } from './insertMany.js';

/**
 * A user, created with their first connection.
 *
 * `{ _id: 'alice', name: 'Alice', lastSeenAt: Date, profileChangedAt: Date, createdAt: Date }`
 *
 * Invariants: `_id` is the subject of the user's tokens, a string chosen by the app. `profileChangedAt` only advances,
 * so that processes that poll for changes miss none.
 */
interface UserDocument {
  _id: string;
  name?: string;
  avatar?: string;
  lastSeenAt?: Date;
  /** Tokens issued before this moment are refused: set on "log out everywhere". */
  tokensValidFrom?: Date;
  /** Time since which the user is banned: all their tokens are refused. */
  bannedAt?: Date;
  /** Time at which the app's backend deleted the user: profile and settings are gone. Also banned, until unbanned. */
  deletedAt?: Date;
  /** Time since which only the user themselves sees what they send or change. */
  restrictedAt?: Date;
  /** Profile changes of a restricted user. Shown to this user only and removed when the restriction ends. */
  shadowProfile?: Profile;
  /** Privacy settings that differ from the defaults. */
  privacy?: Partial<PrivacyView>;
  /** Settings of push notifications that differ from the defaults. */
  notifications?: NotificationSettings;
  /** Database time of the last change of any field except `lastSeenAt`. Every process reads what changed. */
  profileChangedAt: Date;
  createdAt: Date;
}

export type NotificationSettings = Partial<Pick<NotificationsView, 'enabled' | 'content'>>;

export interface UserRecord extends Omit<UserDocument, '_id'> {
  _id: UserId;
}

export interface Profile {
  name?: string | undefined;
  avatar?: string | undefined;
}

/** Profile to set. Fields that are left out keep their value; `null` removes it. */
export interface ProfileUpdate {
  _id: UserId;
  name?: string | null | undefined;
  avatar?: string | null | undefined;
}

const schema = new mongoose.Schema<UserDocument>(
  {
    _id: { type: String, required: true },
    name: String,
    avatar: String,
    lastSeenAt: Date,
    tokensValidFrom: Date,
    bannedAt: Date,
    deletedAt: Date,
    restrictedAt: Date,
    shadowProfile: mongoose.Schema.Types.Mixed,
    privacy: mongoose.Schema.Types.Mixed,
    notifications: mongoose.Schema.Types.Mixed,
    profileChangedAt: Date,
    createdAt: Date,
  },
  { collection: 'users', versionKey: false },
);
/** Query: changed users. Every process reads it after a change. */
const BY_PROFILE_CHANGE = { profileChangedAt: 1 } as const;
/** Query: restricted users. They are few, and every process loads them at its start. */
const BY_RESTRICTION = { restrictedAt: 1 } as const;
schema.index(BY_PROFILE_CHANGE);
schema.index(BY_RESTRICTION, { sparse: true });

const toRecord = (doc: UserDocument): UserRecord => ({ ...doc, _id: doc._id as UserId });

const withoutUndefined = (profile: Profile): { name?: string; avatar?: string } => ({
  ...(profile.name !== undefined && { name: profile.name }),
  ...(profile.avatar !== undefined && { avatar: profile.avatar }),
});

/** Returns an update that sets some fields of a nested document. */
const nested = (field: 'privacy' | 'notifications', settings: object): Partial<UserDocument> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${field}.${name}`, value]));

/** Returns the update of an upsert that sets or removes the given fields. */
function toUpsert({ name, avatar }: ProfileUpdate, now: Date): mongoose.mongo.UpdateFilter<UserDocument> {
  const fields = Object.entries({ name, avatar });
  const set = Object.fromEntries(fields.filter(([, value]) => typeof value === 'string'));
  const unset = Object.fromEntries(
    fields.filter(([, value]) => value === null).map(([field]) => [field, 1 as const]),
  );
  return {
    ...(Object.keys(set).length > 0 && { $set: set }),
    ...(Object.keys(unset).length > 0 && { $unset: unset }),
    $currentDate: { profileChangedAt: true },
    $setOnInsert: { createdAt: now },
  };
}

/** First and longest delay between attempts of colliding inserts, in ms. */
const RETRY_FIRST_MS = 5;
const RETRY_MAX_MS = 100;

export function createUserModel(connection: mongoose.Connection, marks: ChangeMarks) {
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
    await marks.note('users');
    return toRecord(found);
  };

  return {
    model,

    async findByIds(ids: readonly UserId[]): Promise<UserRecord[]> {
      return ids.length === 0 ? [] : (await find({ _id: op({ $in: ids }) }).lean()).map(toRecord);
    },

    /**
     * Creates the users that do not exist; existing ones are not changed. Returns those that it created.
     *
     * @param now database time, so that other processes notice.
     */
    async insertMissing(
      users: readonly { _id: UserId; profile: Profile }[],
      now: Date,
    ): Promise<UserRecord[]> {
      const documents = users
        .toSorted((a, b) => (a._id < b._id ? -1 : 1))
        .map(({ _id, profile }) => ({
          _id,
          ...withoutUndefined(profile),
          profileChangedAt: now,
          createdAt: now,
        }));
      const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
      const created: UserRecord[] = [];
      let missing = documents;
      while (missing.length > 0) {
        const tried = missing;
        const results = await insertEach(tried.length, false, () =>
          collection.insertMany(tried, { ordered: false }),
        );
        for (const result of results) if (result.outcome === 'failed') throw result.error;
        created.push(...tried.filter((_, index) => results[index]?.outcome === 'stored').map(toRecord));
        missing = tried.filter((_, index) => results[index]?.outcome === 'untried');
        if (missing.length > 0) await sleep(backoff.next());
      }
      if (created.length > 0) await marks.note('users');
      return created;
    },

    updateProfile: (userId: UserId, profile: Profile): Promise<UserRecord> =>
      update(userId, withoutUndefined(profile)),

    /**
     * Updates the profile of a restricted user as shown to this user. The profile that others see is unchanged.
     */
    async updateShadowProfile(userId: UserId, profile: Profile): Promise<UserRecord> {
      const set = Object.entries(withoutUndefined(profile)).map(([name, value]) => [
        `shadowProfile.${name}`,
        value,
      ]);
      return update(userId, Object.fromEntries(set) as Partial<UserDocument>);
    },

    revokeTokens: (userId: UserId, validFrom: Date): Promise<UserRecord> =>
      update(userId, { tokensValidFrom: validFrom }),

    /** Sets or lifts a restriction. Creates the user if there is none. */
    async setRestriction(userId: UserId, restrictedAt: Date | undefined): Promise<UserRecord> {
      if (restrictedAt !== undefined) return update(userId, { restrictedAt });
      const found = await model
        .findOneAndUpdate(
          { _id: userId },
          {
            $unset: { restrictedAt: 1, shadowProfile: 1 },
            $currentDate: { profileChangedAt: true },
            $setOnInsert: { createdAt: new Date() },
          },
          { upsert: true, returnDocument: 'after' },
        )
        .lean();
      await marks.note('users');
      return toRecord(found);
    },

    async findRestricted(): Promise<UserRecord[]> {
      return (
        await find({ restrictedAt: op({ $exists: true }) })
          .hint(BY_RESTRICTION)
          .lean()
      ).map(toRecord);
    },

    /** Updates privacy settings; omitted ones keep their value. */
    setPrivacy: (userId: UserId, settings: Partial<PrivacyView>): Promise<UserRecord> =>
      update(userId, nested('privacy', settings)),

    /** Updates settings of push notifications; omitted ones keep their value. */
    setNotifications: (userId: UserId, settings: NotificationSettings): Promise<UserRecord> =>
      update(userId, nested('notifications', settings)),

    /** Bans or unbans a user. A repeated ban keeps its start. Returns undefined when the user does not exist. */
    async setBan(userId: UserId, bannedAt: Date | undefined): Promise<UserRecord | undefined> {
      const found = await model
        .findOneAndUpdate(
          { _id: userId },
          {
            ...(bannedAt === undefined ? { $unset: { bannedAt: 1, deletedAt: 1 } } : { $min: { bannedAt } }),
            $currentDate: { profileChangedAt: true },
          },
          { returnDocument: 'after' },
        )
        .lean();
      await marks.note('users');
      return found === null ? undefined : toRecord(found);
    },

    /**
     * Creates or updates users in one write. The visible profile is set, also that of a restricted user.
     *
     * Returns the number of users that it created. After a race with another write it may be too low.
     */
    async upsertProfiles(profiles: readonly ProfileUpdate[], now: Date): Promise<number> {
      const updates = profiles
        .toSorted((a, b) => (a._id < b._id ? -1 : 1))
        .map((profile) => ({
          updateOne: { filter: { _id: profile._id }, update: toUpsert(profile, now), upsert: true },
        }));
      const { upsertedCount } = await retryRaces(() =>
        collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }),
      );
      await marks.note('users');
      return upsertedCount;
    },

    /** Removes the profile and the settings of a user, and bans them. Returns undefined when the user does not exist. */
    async erase(userId: UserId, at: Date): Promise<UserRecord | undefined> {
      const found = await model
        .findOneAndUpdate(
          { _id: userId },
          {
            $unset: { name: 1, avatar: 1, shadowProfile: 1, privacy: 1, notifications: 1, lastSeenAt: 1 },
            $min: { bannedAt: at, deletedAt: at },
            $currentDate: { profileChangedAt: true },
          },
          { returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean();
      await marks.note('users');
      return found === null ? undefined : toRecord(found);
    },

    /** Returns users whose name, avatar or token validity changed at `since` (database time) or later. */
    async findChangedSince(since: Date): Promise<UserRecord[]> {
      return (
        await find({ profileChangedAt: op({ $gte: since }) })
          .hint(BY_PROFILE_CHANGE)
          .lean()
      ).map(toRecord);
    },

    /** Stores when users were last seen, in one bulk. */
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
