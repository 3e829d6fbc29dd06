import {
  conversationId as toConversationId,
  type ConversationId,
  type UserId,
} from '../../../contract/index.js';
import type { TestServer } from '../../support/server.js';

/** Opens the direct conversation of two users without a socket. */
export const openChat = async (
  server: TestServer,
  [caller, other]: readonly [UserId, UserId],
): Promise<ConversationId> =>
  (await server.app.services.conversations.getOrCreateDirect(caller, other)).conversation._id;

export interface Sent {
  conversationId: string;
  sender: UserId;
  content?: string;
  clientMessageId?: string;
  replyTo?: number;
}

/** Sends without a socket, so that every device of the sender gets the push. */
export const sendAs = (server: TestServer, { conversationId, sender, ...message }: Sent) =>
  server.app.services.messages.send(sender, {
    content: 'hello',
    clientMessageId: crypto.randomUUID(),
    ...message,
    conversationId: toConversationId.parse(conversationId),
  });

/** Fills a conversation with numbered messages of its members in turn: "text 1", "text 2" … */
export async function fillChat(
  server: TestServer,
  { conversationId, senders }: { conversationId: string; senders: readonly [UserId, ...UserId[]] },
  count: number,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      sendAs(server, {
        conversationId,
        sender: senders[index % senders.length] ?? senders[0],
        content: `text ${index + 1}`,
        clientMessageId: `m-${index + 1}`,
      }),
    ),
  );
}
