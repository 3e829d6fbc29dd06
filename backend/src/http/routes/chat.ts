import type { Router } from 'express';
import type { UserId } from '../../../../contract/index.js';
import type { UnreadCounts } from '../../services/conversations/index.js';
import type { HistoryService } from '../../services/messages/index.js';
import { AppError } from '../../utils/appError.js';
import { mount, mountCommand, type RouteDeps } from '../route.js';

export interface ChatRouteDeps extends RouteDeps {
  history: HistoryService;
  unread: UnreadCounts;
}

/** Returns the other user of a pair that must contain the caller. @throws AppError `FORBIDDEN`. */
function otherOf(caller: UserId, [a, b]: readonly [UserId, UserId]): UserId {
  if (a === caller) return b;
  if (b === caller) return a;
  throw new AppError('FORBIDDEN', 'The caller must be one of the participants.');
}

/** Mounts the endpoints that open and list conversations. */
export function mountConversations(router: Router, deps: ChatRouteDeps): void {
  mountCommand(deps, router, {
    name: 'createOrGetChat',
    command: 'getOrCreateDirect',
    toPayload: ({ body: { participants, otherUserId, occasion } }, { userId }) => ({
      otherUserId: participants ? otherOf(userId, participants) : otherUserId,
      ...(occasion !== undefined && { occasion }),
    }),
  });
  mountCommand(deps, router, {
    name: 'startConversation',
    command: 'getOrCreateDirect',
    toPayload: ({ body }) => body,
  });
  mountCommand(deps, router, {
    name: 'listConversations',
    command: 'getConversations',
    toPayload: ({ query }) => query,
  });
  mountCommand(deps, router, {
    name: 'getConversation',
    command: 'getConversation',
    toPayload: ({ params }) => params,
  });
  mount(deps, router, {
    name: 'getUnread',
    handle: ({ userId }) => deps.unread.totals(userId),
  });
  mountCommand(deps, router, { name: 'sync', command: 'sync', toPayload: ({ query }) => query });
}

/** Mounts the endpoints that read, send and mark messages. */
export function mountMessages(router: Router, deps: ChatRouteDeps): void {
  mountCommand(deps, router, {
    name: 'listMessages',
    command: 'getMessages',
    toPayload: ({ params, query }) => ({ ...query, ...params }),
  });
  mountCommand(deps, router, {
    name: 'sendMessage',
    command: 'sendMessage',
    toPayload: ({ params, body }) => ({ ...body, ...params }),
  });
  mountCommand(deps, router, {
    name: 'markRead',
    command: 'message:read',
    toPayload: ({ params, body }) => ({ ...body, ...params }),
  });
  mountCommand(deps, router, {
    name: 'markDelivered',
    command: 'message:delivered',
    toPayload: ({ params, body }) => ({ ...body, ...params }),
  });
  mount(deps, router, {
    name: 'listOwnMessages',
    handle: ({ userId }, { query }) => deps.history.listOwn(userId, query),
  });
}
