import type { CORE_COMMANDS } from '../../../contract/commands/core.js';
import { hasRole } from '../services/tokens.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const coreCommands = (parts: CommandParts): AreaHandlers<typeof CORE_COMMANDS> => ({
  getOrCreateDirect: ({ principal, socketId }, { otherUserId, occasion }) =>
    parts.conversations.getOrCreateDirect(principal.userId, otherUserId, {
      occasion,
      originSocketId: socketId,
      isTrusted: hasRole(principal, 'backend', 'moderator'),
    }),
  getConversations: ({ principal }, payload) => parts.lists.page(principal.userId, payload),
  getConversation: async ({ principal }, { conversationId }) => ({
    conversation: await parts.conversations.get(principal.userId, conversationId),
  }),
  sendMessage: ({ principal, socketId, sentReplyTo }, payload) =>
    parts.messages.send(principal.userId, payload, { originSocketId: socketId, sentReplyTo }),
  getMessages: ({ principal }, { conversationId, ...page }) =>
    parts.history.page(principal.userId, conversationId, page),
  'message:delivered': ({ principal }, payload) =>
    parts.receipts.advance(principal.userId, 'delivered', payload),
  'message:read': ({ principal }, payload) => parts.receipts.advance(principal.userId, 'read', payload),
  typing: ({ principal }, payload) => parts.typing.notify(principal.userId, payload),
  sync: ({ principal }, { cursor }) => parts.sync.sync(principal.userId, cursor),
});
