import type { CORE_COMMANDS } from '../../../contract/commands/core.js';
import { hasRole } from '../services/users/index.js';
import type { AreaHandlers, CommandDeps } from './types.js';

export const coreCommands = (deps: CommandDeps): AreaHandlers<typeof CORE_COMMANDS> => ({
  getOrCreateDirect: ({ principal, socketId }, { otherUserId, occasion }) =>
    deps.conversations.getOrCreateDirect(principal.userId, otherUserId, {
      occasion,
      originSocketId: socketId,
      isTrusted: hasRole(principal, 'backend', 'moderator'),
    }),
  getConversations: ({ principal }, payload) => deps.lists.page(principal.userId, payload),
  getConversation: async ({ principal }, { conversationId }) => ({
    conversation: await deps.conversations.get(principal.userId, conversationId),
  }),
  sendMessage: ({ principal, socketId, sent }, payload) =>
    deps.messages.send(principal.userId, payload, {
      originSocketId: socketId,
      // The payload hash covers `replyTo` as the client sent it, so that a retry after a merge is recognised.
      sentReplyTo: sent?.replyTo,
    }),
  getMessages: ({ principal }, { conversationId, ...page }) =>
    deps.history.page(principal.userId, conversationId, page),
  'message:delivered': ({ principal }, payload) =>
    deps.receipts.advance(principal.userId, 'delivered', payload),
  'message:read': ({ principal }, payload) => deps.receipts.advance(principal.userId, 'read', payload),
  typing: ({ principal, socketId }, payload) => deps.typing.notify(principal.userId, payload, socketId),
  sync: ({ principal }, { cursor }) => deps.sync.sync(principal.userId, cursor),
});
