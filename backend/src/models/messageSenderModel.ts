import type mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { BY_AUTHOR, BY_SENDER, BY_SEQ, BY_SHADOW, schema, type MessageRecord } from './messageDocument.js';
import { op } from './operators.js';

/**
 * Number of newest messages of a sender to examine: assumed to include all that a summary may not have counted
 * yet.
 */
const RECENT_MESSAGES = 20;

/** Queries for the messages of given senders; part of `createMessageModel`. */
export function createMessageSenderModel(
  connection: mongoose.Connection,
  { complete }: Pick<ArchiveModel, 'complete'>,
) {
  const model = connection.model('Message', schema);
  return {
    /** Returns the newest `limit` changes of these conversations that a user made under a restriction, oldest first. */
    async findShadowActions(
      senderId: UserId,
      conversationIds: readonly ConversationId[],
      { restrictedAt, limit }: { restrictedAt: Date; limit: number },
    ): Promise<MessageRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await model
        .find({
          senderId,
          conversationId: op({ $in: [...conversationIds] }),
          kind: 'system',
          shadow: true,
          restrictedAt,
        })
        .sort({ seq: -1 })
        .limit(limit)
        .hint(BY_SHADOW)
        .read('primary')
        .lean();
      return complete(found.reverse());
    },

    /**
     * Returns sender and time of the messages that these users sent in a range, oldest first. Omits messages that must
     * not reveal to the viewer what their sender has read. The cost is linear in the length of the range, which the
     * caller bounds.
     */
    async findSentInRange(
      conversationId: ConversationId,
      senderIds: readonly UserId[],
      { afterSeq, toSeq, viewer }: { afterSeq: number; toSeq: number; viewer: UserId },
    ): Promise<{ senderId: UserId; createdAt: Date }[]> {
      if (senderIds.length === 0) return [];
      const found = await model
        .find(
          {
            conversationId,
            seq: op({ $gt: afterSeq, $lte: toSeq }),
            senderId: op({ $in: [...senderIds] }),
            controlSeq: op({ $exists: false }),
            shadow: op({ $exists: false }),
            quiet: op({ $exists: false }),
            quietFor: op({ $ne: viewer }),
          },
          { senderId: 1, createdAt: 1 },
        )
        .sort({ seq: 1 })
        .hint(BY_SEQ)
        .lean();
      return found.map(({ senderId, createdAt }) => ({ senderId: senderId as UserId, createdAt }));
    },

    /** True when one of the newest messages of a user in a conversation is visible to others. */
    async hasRecentVisibleMessage(conversationId: ConversationId, senderId: UserId): Promise<boolean> {
      const found = await model
        .find({ conversationId, senderId }, { shadow: 1, controlSeq: 1 })
        .sort({ seq: -1 })
        .limit(RECENT_MESSAGES)
        .hint(BY_AUTHOR)
        .read('primary')
        .lean();
      return found.some(({ shadow, controlSeq }) => shadow !== true && controlSeq === undefined);
    },

    /** Returns the messages of a user, newest first, older than `beforeId`. */
    async findBySender(
      senderId: UserId,
      options: { beforeId?: MessageId | undefined; limit: number },
    ): Promise<MessageRecord[]> {
      const found = await model
        .find({ senderId, ...(options.beforeId !== undefined && { _id: op({ $lt: options.beforeId }) }) })
        .sort({ _id: -1 })
        .limit(options.limit)
        .hint(BY_SENDER)
        .lean();
      return complete(found);
    },
  };
}
