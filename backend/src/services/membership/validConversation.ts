import type { ConversationRecord } from '../../models/conversationModel.js';
import { participantsKey } from '../../utils/participantsKey.js';

/** True for a direct conversation with two distinct members. Any other one of this type is damaged. */
export const isValidDirect = (conversation: Pick<ConversationRecord, 'type' | 'participants'>): boolean =>
  conversation.type === 'direct' &&
  conversation.participants.length === 2 &&
  conversation.participants[0] !== conversation.participants[1];

/** True when the members of a direct conversation are exactly the pair of this key. */
export const isPair = (
  conversation: Pick<ConversationRecord, 'type' | 'participants'>,
  key: string,
): boolean => {
  const [a, b] = conversation.participants;
  return isValidDirect(conversation) && a !== undefined && b !== undefined && participantsKey(a, b) === key;
};

/** True when a stored document can be shown and written to as a conversation of its type. */
export const isValid = (conversation: ConversationRecord): boolean =>
  conversation.type === 'direct'
    ? isValidDirect(conversation)
    : // A group that is being created has no entry in its log yet, but the hash of its creation.
      conversation.control > 0 || conversation.creationHash !== undefined;
