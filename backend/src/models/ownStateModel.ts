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

/** What a person sets for themselves in a conversation; what is left out stays as it is. */
export interface OwnChange {
  pinned?: boolean;
  /** `null`: not muted. */
  mutedUntil?: Date | null;
  /** With how many counted messages there are now: one more brings it back. */
  archived?: { n: number } | false;
  markedUnread?: boolean;
  /** Everything up to a place is hidden from them. Never goes back. */
  cleared?: { seq: number; n: number };
  /** The conversation is off their list until something comes behind a place. Never goes back. */
  deleted?: { seq: number; n: number };
}

/** A place in a list of members' documents that is in the order of a time, the newest first. */
export interface OwnPlace {
  at: Date;
  conversationId: string;
}

type Update = Record<'set' | 'unset' | 'max' | 'currentDate', Record<string, unknown>>;

function toUpdate({ pinned, mutedUntil, archived, markedUnread, cleared, deleted }: OwnChange) {
  const parts: Update = { set: {}, unset: {}, max: {}, currentDate: { changedAt: true } };
  if (pinned === true) parts.currentDate['pinnedAt'] = true;
  if (pinned === false) parts.unset['pinnedAt'] = 1;
  if (mutedUntil === null) parts.unset['mutedUntil'] = 1;
  else if (mutedUntil !== undefined) parts.set['mutedUntil'] = mutedUntil;
  if (archived === false) Object.assign(parts.unset, { archivedAt: 1, archivedN: 1 });
  else if (archived !== undefined) {
    parts.currentDate['archivedAt'] = true;
    parts.set['archivedN'] = archived.n;
  }
  if (markedUnread === true) parts.set['markedUnread'] = true;
  if (markedUnread === false) parts.unset['markedUnread'] = 1;
  if (cleared !== undefined) Object.assign(parts.max, { clearedSeq: cleared.seq, clearedN: cleared.n });
  if (deleted !== undefined) Object.assign(parts.max, { hiddenSeq: deleted.seq, hiddenN: deleted.n });
  const isFilled = (fields: object): boolean => Object.keys(fields).length > 0;
  return {
    ...(isFilled(parts.set) && { $set: parts.set }),
    ...(isFilled(parts.unset) && { $unset: parts.unset }),
    ...(isFilled(parts.max) && { $max: parts.max }),
    $currentDate: parts.currentDate,
    // The document may not be there yet (a direct chat), or not yet derived (who has just joined).
    $setOnInsert: { lastReadSeq: 0, lastDeliveredSeq: 0 },
  };
}

/** What people set for themselves, in the documents of `members`: the same on all of their devices. */
export function createOwnStateModel(connection: mongoose.Connection) {
  const model = connection.model<MemberDocument>('Member', schema);
  const collection = connection.collection<Omit<MemberDocument, '_id'>>('members');
  const find = (filter: mongoose.QueryFilter<MemberDocument>) => model.find(filter);
  const below = (field: 'pinnedAt' | 'archivedAt', after: OwnPlace | undefined) =>
    after === undefined
      ? { [field]: op({ $exists: true }) }
      : {
          [field]: op({ $exists: true, $lte: after.at }),
          $or: [{ [field]: op({ $lt: after.at }) }, { conversationId: op({ $lt: after.conversationId }) }],
        };

  return {
    model,

    /** Sets what a person wants; makes their document where there is none. @returns it as it is now. */
    async update(conversationId: ConversationId, userId: UserId, change: OwnChange): Promise<MemberRecord> {
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

    /** Who has read a conversation has not marked it as unread any more. Sorted, as overlapping bulks could deadlock. */
    async clearMarks(reads: readonly { conversationId: ConversationId; userId: UserId }[]): Promise<void> {
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

    /** What a user has pinned, the newest pin first. */
    async findPinned(userId: UserId, limit: number, after?: OwnPlace): Promise<MemberRecord[]> {
      const found = await find({ userId, ...below('pinnedAt', after) })
        .sort({ pinnedAt: -1, conversationId: -1 })
        .limit(limit)
        .hint(BY_PIN)
        .lean();
      return found.map(toRecord);
    },

    /** What a user has archived, what was archived last first. */
    async findArchived(userId: UserId, limit: number, after?: OwnPlace): Promise<MemberRecord[]> {
      const found = await find({ userId, ...below('archivedAt', after) })
        .sort({ archivedAt: -1, conversationId: -1 })
        .limit(limit)
        .hint(BY_ARCHIVE)
        .lean();
      return found.map(toRecord);
    },

    /** What these users have marked as unread. */
    async findMarked(userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ userId: op({ $in: userIds }), markedUnread: true })
        .hint(BY_MARK)
        .lean();
      return found.map(toRecord);
    },
  };
}

export type OwnStateModel = ReturnType<typeof createOwnStateModel>;
