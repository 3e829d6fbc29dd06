import type { Router } from 'express';
import type { UserId } from '../../../../contract/index.js';
import type { CommandHandlers } from '../../commands/types.js';
import type { ConversationService } from '../../services/conversationService.js';
import type { HistoryService } from '../../services/historyService.js';
import type { ListService } from '../../services/listService.js';
import type { SyncService } from '../../services/syncService.js';
import { hasRole } from '../../services/tokens.js';
import type { UnreadCounts } from '../../services/unreadCounts.js';
import { AppError } from '../../utils/appError.js';
import { mount, type RouteParts } from '../route.js';

export interface ChatRouteParts extends RouteParts {
  conversations: ConversationService;
  history: HistoryService;
  /** What names a conversation goes this way: an old id leads to where everything goes on. */
  commands: CommandHandlers;
  sync: SyncService;
  lists: ListService;
  unread: UnreadCounts;
}

/** The other one of a pair that has to have the caller in it. @throws AppError `FORBIDDEN`. */
function otherOf(caller: UserId, pair: readonly [UserId, UserId]): UserId {
  const [a, b] = pair;
  if (a === caller) return b;
  if (b === caller) return a;
  throw new AppError('FORBIDDEN', 'The caller has to be one of the participants.');
}

/** Opening and listing conversations. */
export function mountConversations(router: Router, parts: ChatRouteParts): void {
  const { conversations, commands } = parts;
  mount(parts, router, {
    name: 'createOrGetChat',
    handle: async (principal, { body }) => {
      const { userId } = principal;
      const other = body.participants ? otherOf(userId, body.participants) : (body.otherUserId ?? userId);
      const data = await conversations.getOrCreateDirect(userId, other, {
        occasion: body.occasion,
        isTrusted: hasRole(principal, 'backend', 'moderator'),
      });
      return { data, status: data.created ? 201 : 200 };
    },
  });
  mount(parts, router, {
    name: 'startConversation',
    handle: async (principal, { body }) => {
      const data = await conversations.getOrCreateDirect(principal.userId, body.otherUserId, {
        occasion: body.occasion,
        isTrusted: hasRole(principal, 'backend', 'moderator'),
      });
      return { data, status: data.created ? 201 : 200 };
    },
  });
  mount(parts, router, {
    name: 'listConversations',
    handle: async ({ userId }, { query }) => ({ data: await parts.lists.page(userId, query) }),
  });
  mount(parts, router, {
    name: 'getConversation',
    handle: async (principal, { params }) => ({
      data: await commands.getConversation({ principal }, params),
    }),
  });
  mount(parts, router, {
    name: 'getUnread',
    handle: async ({ userId }) => ({ data: await parts.unread.totals(userId) }),
  });
  mount(parts, router, {
    name: 'sync',
    handle: async ({ userId }, { query }) => ({ data: await parts.sync.sync(userId, query.cursor) }),
  });
}

/** Reading, sending and marking messages. */
export function mountMessages(router: Router, parts: ChatRouteParts): void {
  const { history, commands } = parts;
  mount(parts, router, {
    name: 'listMessages',
    handle: async (principal, { params, query }) => ({
      data: await commands.getMessages({ principal }, { ...query, ...params }),
    }),
  });
  mount(parts, router, {
    name: 'sendMessage',
    handle: async (principal, { params, body }) => {
      const data = await commands.sendMessage({ principal }, { ...body, ...params });
      return { data, status: data.duplicate ? 200 : 201 };
    },
  });
  mount(parts, router, {
    name: 'markRead',
    handle: async (principal, { params, body }) => ({
      data: await commands['message:read']({ principal }, { ...body, ...params }),
    }),
  });
  mount(parts, router, {
    name: 'markDelivered',
    handle: async (principal, { params, body }) => ({
      data: await commands['message:delivered']({ principal }, { ...body, ...params }),
    }),
  });
  mount(parts, router, {
    name: 'listOwnMessages',
    handle: async ({ userId }, { query }) => ({ data: await history.listOwn(userId, query) }),
  });
}
