import type mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import type { MessageDocument } from './messageShape.js';
import { conversationIdOf, messageIdOf, objectId } from './objectIds.js';
import { readLimit } from './readLimits.js';

/** The part of a new entry of any log that tells whether it concerns anybody. */
export interface FeedEntry {
  _id: MessageId;
  conversationId: ConversationId;
  seq: number;
  senderId: UserId;
  /** True for messages that count as unread: no membership event, and not visible to its author alone. */
  isCounted: boolean;
  createdAt: Date;
}

const FIELDS = {
  conversationId: 1,
  seq: 1,
  control: 1,
  silent: 1,
  shadow: 1,
  senderId: 1,
  createdAt: 1,
  moved: 1,
} as const;

/** Reads the entries of all logs in the order of their ids: one range of the index on `_id`. */
export function createMessageFeed(connection: mongoose.Connection) {
  const collection = connection.collection<MessageDocument>('messages');
  return {
    /** Returns the first `limit` entries whose id is `fromId` or later, and earlier than `beforeId`. */
    async findBetween(fromId: string, beforeId: string, limit: number): Promise<FeedEntry[]> {
      const found = await collection
        .find(
          { _id: { $gte: objectId(fromId), $lt: objectId(beforeId) } },
          {
            projection: FIELDS,
            sort: { _id: 1 },
            limit,
            hint: { _id: 1 },
            readPreference: 'primary',
            ...readLimit(),
          },
        )
        .toArray();
      return found.map((doc) => ({
        _id: messageIdOf(doc._id),
        conversationId: conversationIdOf(doc.conversationId),
        seq: doc.seq,
        senderId: doc.senderId as UserId,
        isCounted:
          doc.control !== doc.seq && doc.silent !== true && doc.shadow !== true && doc.moved !== true,
        createdAt: doc.createdAt,
      }));
    },
  };
}

export type MessageFeed = ReturnType<typeof createMessageFeed>;
