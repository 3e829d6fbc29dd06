import type { FinalState } from '../checker/history.js';
import type { StoredConversation, Truth } from '../../faults/support/truth.js';

/** What the database holds now, as the checker wants it. Members of a direct conversation are in it from the start. */
export async function readFinalState(truth: Truth): Promise<FinalState> {
  const [messages, conversations, members] = await Promise.all([
    truth.messages(),
    truth.conversations() as Promise<(StoredConversation & { type: string })[]>,
    truth.members(),
  ]);
  return {
    messages: messages.map(({ _id, conversationId, seq, n, senderId, clientMessageId, content }) => ({
      ...{ _id, conversationId, seq, n, senderId, clientMessageId, content },
    })),
    conversations: conversations.map((one) => ({
      _id: one._id,
      type: one.type,
      pairKey: one.participantsKey,
      members: one.participants.map((userId) => ({ userId, fromSeq: 1 })),
      lastSeq: one.lastSeq,
      messageCount: one.messageCount,
      lastMessageId: one.tail?.id,
    })),
    positions: members.map(({ conversationId, userId, lastReadSeq, lastDeliveredSeq }) => ({
      ...{
        conversationId,
        userId,
        readSeq: lastReadSeq,
        deliveredSeq: Math.max(lastReadSeq, lastDeliveredSeq),
      },
    })),
  };
}
