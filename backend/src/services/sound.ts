import type { ConversationRecord } from '../models/conversationModel.js';
import { participantsKey } from '../utils/participantsKey.js';

/** A direct conversation has two distinct members for ever: anything else under that type is damage, not a chat. */
export const isSoundDirect = (conversation: Pick<ConversationRecord, 'type' | 'participants'>): boolean =>
  conversation.type === 'direct' &&
  conversation.participants.length === 2 &&
  conversation.participants[0] !== conversation.participants[1];

/** True if this document is exactly the pair that its key stands for, and nobody else. */
export const isPair = (
  conversation: Pick<ConversationRecord, 'type' | 'participants'>,
  key: string,
): boolean => {
  const [a, b] = conversation.participants;
  return isSoundDirect(conversation) && a !== undefined && b !== undefined && participantsKey(a, b) === key;
};

/** Whether a stored document can be shown and written to as the kind of conversation that it says it is. */
export const isSound = (conversation: ConversationRecord): boolean =>
  conversation.type === 'direct'
    ? isSoundDirect(conversation)
    : // A group of which nobody has been told yet has no entry in its log.
      conversation.control > 0 || conversation.creationHash !== undefined;
