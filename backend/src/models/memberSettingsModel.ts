import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import {
  BY_ARCHIVE,
  BY_MARK,
  BY_PIN,
  schema,
  toRecord,
  type MemberDocument,
  type MemberRecord,
} from './memberDocument.js';
import { objectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/** Settings of one user in one conversation that are to be changed; omitted ones keep their value. */
export interface SettingsChange {
  pinned?: boolean;
  /** `null` unmutes. */
  mutedUntil?: Date | null;
  /** `n` is the current number of counted messages; the next counted message unarchives the conversation. */
  archived?: { n: number } | false;
  markedUnread?: boolean;
  /** Hides the messages up to `seq` from the user. Never decreases. */
  cleared?: { seq: number; n: number };
  /** Removes the conversation from the user's list until there is a counted message after `seq`. Never decreases. */
  deleted?: { seq: number; n: number };
}

/** Position in a list of member documents that is sorted by a time, newest first. */
export interface SettingsPosition {
  at: Date;
  conversationId: string;
}

type Update = Record<'set' | 'unset' | 'max' | 'currentDate', Record<string, unknown>>;

function toUpdate({ pinned, mutedUntil, archived, markedUnread, cleared, deleted }: SettingsChange) {
  const operators: Update = { set: {}, unset: {}, max: {}, currentDate: { changedAt: true } };
  if (pinned === true) operators.currentDate['pinnedAt'] = true;
  if (pinned === false) operators.unset['pinnedAt'] = 1;
  if (mutedUntil === null) operators.unset['mutedUntil'] = 1;
  else if (mutedUntil !== undefined) operators.set['mutedUntil'] = mutedUntil;
  if (archived === false) Object.assign(operators.unset, { archivedAt: 1, archivedN: 1 });
  else if (archived !== undefined) {
    operators.currentDate['archivedAt'] = true;
    operators.set['archivedN'] = archived.n;
  }
  if (markedUnread === true) operators.set['markedUnread'] = true;
  if (markedUnread === false) operators.unset['markedUnread'] = 1;
  if (cleared !== undefined) Object.assign(operators.max, { clearedSeq: cleared.seq, clearedN: cleared.n });
  if (deleted !== undefined) Object.assign(operators.max, { hiddenSeq: deleted.seq, hiddenN: deleted.n });
  const isFilled = (fields: object): boolean => Object.keys(fields).length > 0;
  return {
    ...(isFilled(operators.set) && { $set: operators.set }),
    ...(isFilled(operators.unset) && { $unset: operators.unset }),
    ...(isFilled(operators.max) && { $max: operators.max }),
    $currentDate: operators.currentDate,
    // The document may not exist yet: in a direct conversation, or when the member's join has not been applied yet.
    $setOnInsert: { lastReadSeq: 0, lastDeliveredSeq: 0 },
  };
}

/** Settings of users in conversations, stored in `members` and shared by all of a user's devices. */
export function createMemberSettingsModel(connection: mongoose.Connection) {
  const model = connection.model<MemberDocument>('Member', schema);
  const collection = connection.collection<Omit<MemberDocument, '_id'>>('members');
  const find = (filter: mongoose.QueryFilter<MemberDocument>) => model.find(filter);
  const below = (field: 'pinnedAt' | 'archivedAt', after: SettingsPosition | undefined) =>
    after === undefined
      ? { [field]: op({ $exists: true }) }
      : {
          [field]: op({ $exists: true, $lte: after.at }),
          $or: [{ [field]: op({ $lt: after.at }) }, { conversationId: op({ $lt: after.conversationId }) }],
        };

  return {
    model,

    /** Updates settings, and creates the member document if there is none. Returns the updated document. */
    async update(
      conversationId: ConversationId,
      userId: UserId,
      change: SettingsChange,
    ): Promise<MemberRecord> {
      let updated: MemberRecord | undefined;
      // The first setting may come from two devices on two processes: one of the upserts is refused.
      await retryRaces(async () => {
        const found = await model
          .findOneAndUpdate({ conversationId, userId }, toUpdate(change), {
            upsert: true,
            returnDocument: 'after',
            writeConcern: COMMITTED,
          })
          .lean();
        updated = toRecord(found);
      });
      if (updated === undefined) throw new Error('an upsert returned nothing');
      return updated;
    },

    /**
     * Clears the "marked unread" flag of users who have read a conversation. Sorted, because overlapping bulks could
     * deadlock.
     */
    async clearMarkedUnread(
      reads: readonly { conversationId: ConversationId; userId: UserId }[],
    ): Promise<void> {
      const sorted = reads.toSorted((a, b) =>
        a.conversationId + a.userId < b.conversationId + b.userId ? -1 : 1,
      );
      await retryRaces(() =>
        collection.bulkWrite(
          sorted.map(({ conversationId, userId }) => ({
            updateOne: {
              filter: { conversationId: objectId(conversationId), userId, markedUnread: true },
              update: { $unset: { markedUnread: 1 as const }, $currentDate: { changedAt: true as const } },
            },
          })),
          { ordered: false },
        ),
      );
    },

    /** Returns a user's pinned conversations, newest pin first. */
    async findPinned(userId: UserId, limit: number, after?: SettingsPosition): Promise<MemberRecord[]> {
      const found = await find({ userId, ...below('pinnedAt', after) })
        .sort({ pinnedAt: -1, conversationId: -1 })
        .limit(limit)
        .hint(BY_PIN)
        .lean();
      return found.map(toRecord);
    },

    /** Returns all pinned conversations of these users. */
    async findAllPinned(userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ userId: op({ $in: userIds }), pinnedAt: op({ $exists: true }) })
        .hint(BY_PIN)
        .lean();
      return found.map(toRecord);
    },

    /** Returns a user's archived conversations, most recently archived first. */
    async findArchived(userId: UserId, limit: number, after?: SettingsPosition): Promise<MemberRecord[]> {
      const found = await find({ userId, ...below('archivedAt', after) })
        .sort({ archivedAt: -1, conversationId: -1 })
        .limit(limit)
        .hint(BY_ARCHIVE)
        .lean();
      return found.map(toRecord);
    },

    /** Returns the conversations that these users have marked as unread. */
    async findMarkedUnread(userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ userId: op({ $in: userIds }), markedUnread: true })
        .hint(BY_MARK)
        .lean();
      return found.map(toRecord);
    },
  };
}

export type MemberSettingsModel = ReturnType<typeof createMemberSettingsModel>;
