import type { PendingMessage } from '../state/types.js';
import type { SendInput } from '../wire/index.js';

/** Returns what is sent of an entry. */
export function toPayload(entry: PendingMessage): SendInput {
  const { conversationId, clientMessageId, content, replyTo, attachments, location, card } = entry;
  return {
    conversationId,
    clientMessageId,
    content,
    ...(replyTo !== undefined && { replyTo }),
    ...(attachments !== undefined && { attachments: [...attachments] }),
    ...(location !== undefined && { location }),
    ...(card !== undefined && { card }),
  };
}
