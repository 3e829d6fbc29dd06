import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { BY_CONVERSATION, RANK_LEFT, type MemberDocument } from './memberDocument.js';
import { objectId } from './objectIds.js';
import { readLimit } from './readLimits.js';

/** Walks over all members of a conversation, in the order of their ids. */
export function createMemberPages(connection: mongoose.Connection) {
  const collection = connection.collection<MemberDocument>('members');
  return {
    /** Returns the ids of the next current members after a user. Fewer than `limit` are the last ones. */
    async findIds(
      conversationId: ConversationId,
      { after, limit }: { after: UserId | undefined; limit: number },
    ): Promise<UserId[]> {
      const found = await collection
        .find(
          {
            conversationId: objectId(conversationId),
            rank: { $lt: RANK_LEFT },
            ...(after !== undefined && { userId: { $gt: after } }),
          },
          {
            projection: { userId: 1 },
            sort: { userId: 1 },
            limit,
            hint: BY_CONVERSATION,
            readPreference: 'primary',
            ...readLimit(),
          },
        )
        .toArray();
      return found.map(({ userId }) => userId as UserId);
    },
  };
}

export type MemberPages = ReturnType<typeof createMemberPages>;
