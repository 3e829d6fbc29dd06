import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { LIMITS } from '../../../contract/index.js';
import { groupBy } from '../utils/groupBy.js';
import { createConversationCreationModel } from './conversationCreationModel.js';
import { createConversationListModel } from './conversationListModel.js';
import {
  BY_KEY,
  schema,
  toRecord,
  type ConversationDocument,
  type ConversationRecord,
  type Occasion,
  type StoredMembership,
  type Summary,
} from './conversationDocument.js';
import { objectId } from './objectIds.js';
import { op } from './operators.js';
import { toSummaryUpdate } from './summaryUpdate.js';
import { COMMITTED } from './committed.js';

export type {
  ConversationRecord,
  ListPosition,
  Occasion,
  StoredMembership,
  Summary,
} from './conversationDocument.js';

export function createConversationModel(connection: mongoose.Connection) {
  const model = connection.model('Conversation', schema);
  const collection = connection.collection<ConversationDocument>('conversations');
  const find = (filter: mongoose.QueryFilter<ConversationDocument>) => model.find(filter);

  return {
    model,
    ...createConversationCreationModel(connection),
    ...createConversationListModel(connection),

    async findByKey(key: string): Promise<ConversationRecord | undefined> {
      const found = await model.findOne({ participantsKey: key }).hint(BY_KEY).read('primary').lean();
      return found === null ? undefined : toRecord(found);
    },

    /** Returns the conversations with these pair keys. */
    async findKeys(keys: readonly string[]): Promise<ConversationRecord[]> {
      return (
        await find({ participantsKey: op({ $in: keys }) })
          .hint(BY_KEY)
          .lean()
      ).map(toRecord);
    },

    async findById(id: ConversationId): Promise<ConversationRecord | undefined> {
      const found = await model.findById(id).read('primary').lean();
      return found === null ? undefined : toRecord(found);
    },

    async findByIds(ids: readonly ConversationId[]): Promise<ConversationRecord[]> {
      return ids.length === 0
        ? []
        : (
            await find({ _id: op({ $in: ids }) })
              .read('primary')
              .lean()
          ).map(toRecord);
    },

    /**
     * Moves the pair key of a document that is not that pair to `quarantinedKey`. Returns true if the document had the
     * key.
     */
    async quarantineKey(id: ConversationId, key: string): Promise<boolean> {
      const { modifiedCount } = await model.updateOne(
        { _id: id, participantsKey: key },
        { $set: { quarantinedKey: key }, $unset: { participantsKey: 1 } },
      );
      return modifiedCount === 1;
    },

    /**
     * Makes `opener` the creator of a direct conversation that the other user opened under a restriction. Returns true
     * if it was such a conversation.
     */
    async openShadow(id: ConversationId, opener: UserId): Promise<boolean> {
      const { modifiedCount } = await collection.updateOne(
        { _id: objectId(id), shadow: true, createdBy: { $ne: opener } },
        { $set: { createdBy: opener }, $unset: { shadow: 1 }, $currentDate: { changedAt: true } },
        { writeConcern: COMMITTED },
      );
      return modifiedCount === 1;
    },

    /**
     * Adds an occasion, once per kind and id. Returns true if it is new.
     *
     * @param isShadow stores it for its author only; it does not count towards the occasions that everyone sees.
     */
    async addOccasion(id: ConversationId, occasion: Occasion, isShadow: boolean): Promise<boolean> {
      const field = isShadow ? 'shadowOccasions' : 'occasions';
      const same = {
        kind: occasion.kind,
        ...(occasion.id === undefined ? { id: { $exists: false } } : { id: occasion.id }),
        ...(isShadow && { startedBy: occasion.startedBy }),
      };
      const { modifiedCount } = await model.updateOne(
        { _id: id, [field]: op({ $not: { $elemMatch: same } }) },
        {
          $push: { [field]: { $each: [occasion], $slice: -LIMITS.maxOccasions } },
          $currentDate: { changedAt: true },
        },
      );
      return modifiedCount === 1;
    },

    /** Applies membership events to a conversation, unless it already reflects later ones. */
    async applyMembership(
      membership: StoredMembership,
      { isBack = false }: { isBack?: boolean } = {},
    ): Promise<void> {
      const { conversationId, control, isLarge, memberCount, removalSeq } = membership;
      const { name, avatar, history, open, closedBy, blockedBy, sealedInto, members } = membership;
      const userIds = [...members.keys()].sort();
      const isDirect = membership.type === 'direct';
      const gone = {
        ...(!isDirect && (isLarge ? { participants: 1 as const } : { apart: 1 as const })),
        ...(avatar === undefined && { avatar: 1 as const }),
        ...(closedBy === undefined && { closedBy: 1 as const }),
      };
      await collection.updateOne(
        {
          _id: objectId(conversationId),
          $or: [{ control: { $lt: control } }, { control: { $exists: false } }],
        },
        {
          $set: {
            control,
            memberCount,
            removalSeq,
            history,
            open,
            blockedBy: [...blockedBy],
            ...(name !== undefined && { name }),
            ...(avatar !== undefined && { avatar }),
            ...(closedBy !== undefined && { closedBy }),
            ...(sealedInto !== undefined && { mergedInto: objectId(sealedInto) }),
            ...(!isDirect && (isLarge ? { apart: true, maybeUnread: [] } : { participants: userIds })),
            // Members of a conversation that becomes small again may have unread messages.
            ...(isBack && { maybeUnread: userIds }),
          },
          ...(Object.keys(gone).length > 0 && { $unset: gone }),
          $currentDate: { changedAt: true },
        },
        { writeConcern: COMMITTED },
      );
    },

    /** Merges summaries into their conversations in one bulk. Sorted, because overlapping bulks could deadlock. */
    async mergeSummaries(summaries: readonly Summary[]): Promise<void> {
      const sorted = summaries.toSorted((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
      await collection.bulkWrite(sorted.map(toSummaryUpdate), { ordered: false });
    },

    /** Removes users who have read to the end from `maybeUnread`, unless the log has grown since. */
    async clearUnread(
      reads: readonly { conversationId: ConversationId; userId: UserId; readSeq: number }[],
    ): Promise<void> {
      const ends = groupBy(reads, ({ conversationId, readSeq }) => `${conversationId}${readSeq}`);
      const sorted = [...ends].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, together]) => together);
      await collection.bulkWrite(
        sorted.flatMap(([first, ...others]) =>
          first === undefined
            ? []
            : {
                updateOne: {
                  filter: { _id: objectId(first.conversationId), lastSeq: { $lte: first.readSeq } },
                  update: { $pull: { maybeUnread: { $in: [first, ...others].map(({ userId }) => userId) } } },
                },
              },
        ),
        { ordered: false },
      );
    },
  };
}

export type ConversationModel = ReturnType<typeof createConversationModel>;
