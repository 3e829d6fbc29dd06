import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { LIMITS } from '../../../contract/index.js';
import { groupBy } from '../utils/groupBy.js';
import { escapeId, participantsKey, sortPair } from '../utils/participantsKey.js';
import {
  BY_CHANGE,
  BY_CREATION,
  BY_GROUP,
  BY_KEY,
  BY_LAST_MESSAGE,
  BY_UNREAD,
  schema,
  toRecord,
  type ConversationDocument,
  type ConversationRecord,
  type ListPosition,
  type Occasion,
  type Summary,
} from './conversationDocument.js';
import { conversationIdOf, newConversationId, objectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

export type { ConversationRecord, ListPosition, Summary } from './conversationDocument.js';

/** Everything only ever moves forward: the same summary twice, or an older one late, changes nothing. */
const toUpdate = (summary: Summary): mongoose.mongo.AnyBulkWriteOperation<ConversationDocument> => ({
  updateOne: {
    filter: { _id: objectId(summary.conversationId) },
    update: {
      $max: {
        lastSeq: summary.lastSeq,
        messageCount: summary.messageCount,
        tail: { seq: summary.lastSeq, id: objectId(summary.lastMessageId), control: summary.control },
        ...(summary.lastMessageAt !== undefined && { lastMessageAt: summary.lastMessageAt }),
        ...(summary.shown !== undefined && {
          shown: { seq: summary.shown.seq, id: objectId(summary.shown.id) },
        }),
        ...Object.fromEntries(
          [...summary.lastSent].flatMap(([place, { seq, n }]) => [
            [`lastSent.${place}`, seq],
            [`lastSentN.${place}`, n],
          ]),
        ),
      },
      $addToSet: { maybeUnread: { $each: [...summary.unreadFor] } },
      $currentDate: { changedAt: true },
    },
  },
});

/** Who is in a conversation and what it is called, as of a control entry. */
export interface StoredMembership {
  conversationId: ConversationId;
  type: ConversationDocument['type'];
  control: number;
  isApart: boolean;
  memberCount: number;
  removalSeq: number;
  name: string | undefined;
  avatar: string | undefined;
  history: 'all' | 'joined';
  open: boolean;
  closedBy: UserId | undefined;
  blockedBy: ReadonlySet<UserId>;
  sealedInto: ConversationId | undefined;
  members: ReadonlyMap<UserId, unknown>;
}

const rangeBelow = (below: ListPosition | undefined) =>
  below === undefined
    ? {}
    : {
        lastMessageAt: op({ $lte: below.lastMessageAt }),
        $or: [{ lastMessageAt: op({ $lt: below.lastMessageAt }) }, { _id: op({ $lt: below._id }) }],
      };

export function createConversationModel(connection: mongoose.Connection) {
  const model = connection.model('Conversation', schema);
  const collection = connection.collection<ConversationDocument>('conversations');
  const find = (filter: mongoose.QueryFilter<ConversationDocument>) => model.find(filter);

  return {
    model,

    /**
     * Finds the document that holds a pair's key, or makes it: one atomic upsert.
     * The caller has to check that what was found really is that pair.
     *
     * @param now database time, so that `sync` sees a new conversation in its order.
     * @throws a duplicate key error (code 11000) when another call inserted at the same moment.
     */
    async upsertDirect(
      pair: { creator: UserId; other: UserId },
      now: Date,
    ): Promise<{ record: ConversationRecord; created: boolean }> {
      const _id = newConversationId();
      const key = participantsKey(pair.creator, pair.other);
      const found = await model
        .findOneAndUpdate(
          // That it exists is said for planners that take a sparse index for no other filter.
          { participantsKey: op({ $eq: key, $exists: true }) },
          {
            $setOnInsert: {
              _id,
              participantsKey: key,
              type: 'direct',
              participants: sortPair(pair.creator, pair.other),
              createdBy: pair.creator,
              memberCount: 2,
              messageCount: 0,
              lastSeq: 0,
              rev: 0,
              lastSent: [0, 0],
              lastSentN: [0, 0],
              maybeUnread: [],
              occasions: [],
              lastMessageAt: now,
              changedAt: now,
              createdAt: now,
            },
          },
          { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean();
      return { record: toRecord(found), created: conversationIdOf(found._id) === _id };
    },

    /**
     * Makes the document of a group or channel, which nobody is in until its first entry says so. With a name of the
     * creator's own for it, the document of the first creation.
     *
     * @param now database time, so that `sync` sees a new conversation in its order.
     */
    async upsertGroup(
      group: { type: 'group' | 'channel'; creator: UserId; creationHash: string; name: string | undefined },
      now: Date,
    ): Promise<ConversationRecord> {
      const { type, creator, creationHash, name } = group;
      const fields = {
        ...{ _id: newConversationId(), type, creationHash, createdBy: creator, participants: [] },
        ...{
          memberCount: 0,
          messageCount: 0,
          lastSeq: 0,
          rev: 0,
          lastSent: [],
          maybeUnread: [],
          occasions: [],
        },
        ...{ lastMessageAt: now, changedAt: now, createdAt: now },
      };
      const writeConcern = COMMITTED;
      if (name === undefined) {
        const document = { ...fields, _id: objectId(fields._id) };
        await collection.insertOne(document, { writeConcern });
        return toRecord(document);
      }
      const creationKey = `${escapeId(creator)}_${name}`;
      try {
        const found = await model
          .findOneAndUpdate(
            { creationKey: op({ $eq: creationKey, $exists: true }) },
            { $setOnInsert: { ...fields, creationKey } },
            { upsert: true, returnDocument: 'after', writeConcern },
          )
          .lean();
        return toRecord(found);
      } catch (error) {
        const found = await model.findOne({ creationKey }).hint(BY_CREATION).read('primary').lean();
        if (found === null) throw error;
        return toRecord(found);
      }
    },

    async findByKey(key: string): Promise<ConversationRecord | undefined> {
      const found = await model.findOne({ participantsKey: key }).hint(BY_KEY).read('primary').lean();
      return found === null ? undefined : toRecord(found);
    },

    /** Those of these keys that have a conversation. */
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

    /** Takes a pair's key away from a document that is not that pair, and keeps it beside. True if it was there. */
    async quarantineKey(id: ConversationId, key: string): Promise<boolean> {
      const { modifiedCount } = await model.updateOne(
        { _id: id, participantsKey: key },
        { $set: { quarantinedKey: key }, $unset: { participantsKey: 1 } },
      );
      return modifiedCount === 1;
    },

    /** Keeps an occasion with its conversation, once per kind and id. True if it is new. */
    async addOccasion(id: ConversationId, occasion: Occasion): Promise<boolean> {
      const same = {
        kind: occasion.kind,
        ...(occasion.id === undefined ? { id: { $exists: false } } : { id: occasion.id }),
      };
      const { modifiedCount } = await model.updateOne(
        { _id: id, occasions: op({ $not: { $elemMatch: same } }) },
        {
          $push: { occasions: { $each: [occasion], $slice: -LIMITS.maxOccasions } },
          $currentDate: { changedAt: true },
        },
      );
      return modifiedCount === 1;
    },

    /** A page of a user's conversations below a position, the newest message first: one index range. */
    async findPage(userId: UserId, limit: number, below?: ListPosition): Promise<ConversationRecord[]> {
      const page = await find({ participants: userId, ...rangeBelow(below) })
        .sort({ lastMessageAt: -1, _id: -1 })
        .limit(limit)
        .hint(BY_LAST_MESSAGE)
        .lean();
      return page.map(toRecord);
    },

    /** The same of a user's small groups alone. */
    async findGroupPage(userId: UserId, limit: number, below?: ListPosition): Promise<ConversationRecord[]> {
      const page = await find({ type: 'group', participants: userId, ...rangeBelow(below) })
        .sort({ lastMessageAt: -1, _id: -1 })
        .limit(limit)
        .hint(BY_GROUP)
        .lean();
      return page.map(toRecord);
    },

    /** A user's conversations in the order of their changes, after a position: one index range. */
    async findChanged(
      userId: UserId,
      limit: number,
      after: { changedAt: Date; _id: string },
    ): Promise<ConversationRecord[]> {
      const page = await find({
        participants: userId,
        changedAt: op({ $gte: after.changedAt }),
        $or: [{ changedAt: op({ $gt: after.changedAt }) }, { _id: op({ $gt: after._id }) }],
      })
        .sort({ changedAt: 1, _id: 1 })
        .limit(limit)
        .hint(BY_CHANGE)
        .lean();
      return page.map(toRecord);
    },

    /** Every conversation in which one of these users may have something unread: of each only what counting needs. */
    async findMaybeUnread(userIds: readonly UserId[]): Promise<ConversationRecord[]> {
      const counted = {
        ...{ type: 1, participants: 1, lastSeq: 1, messageCount: 1, lastSent: 1, lastSentN: 1 },
        ...{ control: 1, closedBy: 1, mergedInto: 1, lastMessageAt: 1, createdAt: 1 },
      } as const;
      const found = await model
        .find({ maybeUnread: op({ $in: userIds }) }, counted)
        .hint(BY_UNREAD)
        .lean();
      return found.map(toRecord);
    },

    /** What control entries make of a conversation; nothing if it has seen later ones. */
    async applyMembership(
      membership: StoredMembership,
      { isBack = false }: { isBack?: boolean } = {},
    ): Promise<void> {
      const { conversationId, control, isApart, memberCount, removalSeq } = membership;
      const { name, avatar, history, open, closedBy, blockedBy, sealedInto, members } = membership;
      const userIds = [...members.keys()].sort();
      const isDirect = membership.type === 'direct';
      const gone = {
        ...(!isDirect && (isApart ? { participants: 1 as const } : { apart: 1 as const })),
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
            ...{ control, memberCount, removalSeq, history, open, blockedBy: [...blockedBy] },
            ...(name !== undefined && { name }),
            ...(avatar !== undefined && { avatar }),
            ...(closedBy !== undefined && { closedBy }),
            ...(sealedInto !== undefined && { mergedInto: objectId(sealedInto) }),
            ...(!isDirect && (isApart ? { apart: true, maybeUnread: [] } : { participants: userIds })),
            // Whoever comes back into the array may have something unread.
            ...(isBack && { maybeUnread: userIds }),
          },
          ...(Object.keys(gone).length > 0 && { $unset: gone }),
          $currentDate: { changedAt: true },
        },
        { writeConcern: COMMITTED },
      );
    },

    /** Merges summaries into their conversations in one round trip. Sorted: overlapping bulks could deadlock. */
    async mergeSummaries(summaries: readonly Summary[]): Promise<void> {
      const sorted = summaries.toSorted((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
      await collection.bulkWrite(sorted.map(toUpdate), { ordered: false });
    },

    /** Takes users out of `maybeUnread` who have read to the end; not if more has come since. */
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
