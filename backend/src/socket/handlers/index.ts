import type { CommandData, CommandName, CommandPayload } from '../../../../contract/index.js';
import { refreshToken } from './refreshToken.js';
import type { CommandContext, HandlerParts } from './types.js';
import { watchPresence } from './watchPresence.js';

export type Handlers = {
  [Name in CommandName]: (
    context: CommandContext,
    payload: CommandPayload<Name>,
  ) => Promise<CommandData<Name>>;
};

/** One thin function per command: a row of the contract without one is a compile error. */
export const createHandlers = (parts: HandlerParts): Handlers => ({
  getOrCreateDirect: ({ principal, socket }, { otherUserId, occasion }) =>
    parts.conversations.getOrCreateDirect(principal.userId, otherUserId, {
      occasion,
      originSocketId: socket.id,
    }),
  getConversations: ({ principal }, payload) => parts.conversations.list(principal.userId, payload),
  getConversation: async ({ principal }, { conversationId }) => ({
    conversation: await parts.conversations.get(principal.userId, conversationId),
  }),
  sendMessage: ({ principal, socket }, payload) => parts.messages.send(principal.userId, payload, socket.id),
  getMessages: ({ principal }, { conversationId, ...page }) =>
    parts.history.page(principal.userId, conversationId, page),
  'message:delivered': ({ principal }, payload) =>
    parts.receipts.advance(principal.userId, 'delivered', payload),
  'message:read': ({ principal }, payload) => parts.receipts.advance(principal.userId, 'read', payload),
  typing: ({ principal }, payload) => parts.typing.notify(principal.userId, payload),
  sync: ({ principal }, { cursor }) => parts.sync.sync(principal.userId, cursor),
  'presence:watch': (context, payload) => watchPresence(parts, context, payload),
  'auth:refresh': (context, payload) => refreshToken(parts, context, payload),
});
