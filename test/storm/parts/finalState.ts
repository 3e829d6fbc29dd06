import { changeOf } from '../../../backend/src/services/membership/membership.js';
import { userId } from '../../../contract/index.js';
import type { FinalState, Membership } from '../checker/history.js';
import { groupBy } from '../checker/facts.js';
import type { StoredConversation, StoredMessage, Truth } from '../../faults/support/truth.js';

/** Reads the current content of the database in the format of the checker. */
export async function readFinalState(truth: Truth): Promise<FinalState> {
  const [messages, conversations, members] = await Promise.all([
    truth.messages(),
    truth.conversations(),
    truth.members(),
  ]);
  const logs = groupBy(messages, ({ conversationId }) => conversationId);
  return {
    messages: messages.map(({ _id, conversationId, seq, n, control, silent, senderId, ...said }) => ({
      ...{ _id, conversationId, seq, n, senderId },
      ...{ clientMessageId: said.clientMessageId, content: said.content },
      ...(control === seq && { isMembershipEvent: true }),
      ...(silent === true && { isSilent: true }),
    })),
    conversations: conversations.map((one) => ({
      _id: one._id,
      type: one.type,
      pairKey: one.participantsKey,
      members: membersOf(one, logs.get(one._id) ?? []),
      lastSeq: one.lastSeq,
      messageCount: one.messageCount,
      lastMessageId: (one.shown ?? one.tail)?.id,
    })),
    positions: members.map((member) => ({
      conversationId: member.conversationId,
      userId: member.userId,
      readSeq: member.lastReadSeq,
      deliveredSeq: Math.max(member.lastReadSeq, member.lastDeliveredSeq),
    })),
  };
}

/** Derives members: a pair is in its conversation from the start; members of a group follow from its log. */
function membersOf({ type, participants }: StoredConversation, log: readonly StoredMessage[]): Membership[] {
  if (type === 'direct') return participants.map((id) => ({ userId: id, fromSeq: 1, joinedSeq: 0 }));
  const members: Membership[] = [];
  for (const { seq, senderId, action } of log) {
    if (action === undefined) continue;
    const { joined, gone } = changeOf({ senderId: userId.parse(senderId), action });
    // These groups show their whole history to new members.
    for (const id of joined) members.push({ userId: id, fromSeq: 1, joinedSeq: seq });
    for (const id of gone) {
      const open = members.find((member) => member.userId === id && member.untilSeq === undefined);
      if (open === undefined) continue;
      open.untilSeq = seq;
      open.leftFreely = type === 'channel' && action.type === 'left';
    }
  }
  return members;
}
