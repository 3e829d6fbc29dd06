/** Views of the server for tests of the page's message list. */

import type { PendingMessage } from '../../../packages/client/src/state/types.js';
import type { ConversationView, MessageView } from '../../../packages/client/src/wire/index.js';

export const CONVERSATION = 'c'.repeat(24);
export const ALICE = 'alice';
export const BOB = 'bob';

const TIME = '2026-01-01T12:00:00.000Z';

export const messageView = (
  seq: number,
  senderId: string,
  overrides: Partial<MessageView> = {},
): MessageView => ({
  _id: seq.toString(16).padStart(24, '0'),
  conversationId: CONVERSATION,
  seq,
  kind: 'text',
  senderId,
  sender: { _id: senderId },
  clientMessageId: `id-${seq}`,
  content: `message ${seq}`,
  attachments: [],
  reactions: [],
  status: 'sent',
  createdAt: TIME,
  updatedAt: TIME,
  ...overrides,
});

export const conversationView = (overrides: Partial<ConversationView> = {}): ConversationView => ({
  _id: CONVERSATION,
  type: 'direct',
  participants: [ALICE, BOB],
  members: [ALICE, BOB].map((_id) => ({ _id, role: 'member', lastReadSeq: 0, lastDeliveredSeq: 0 })),
  createdBy: ALICE,
  memberCount: 2,
  isLarge: false,
  history: 'all',
  open: false,
  role: 'member',
  visibleFromSeq: 1,
  closed: false,
  blocked: false,
  pinnedMessages: [],
  archived: false,
  markedUnread: false,
  messageCount: 0,
  lastSeq: 0,
  rev: 0,
  lastMessageAt: TIME,
  unreadCount: 0,
  lastReadSeq: 0,
  lastDeliveredSeq: 0,
  occasions: [],
  createdAt: TIME,
  updatedAt: TIME,
  ...overrides,
});

export const pendingEntry = (order: number): PendingMessage => ({
  clientMessageId: `pending-${order}`,
  conversationId: CONVERSATION,
  content: `pending ${order}`,
  order,
  createdAt: TIME,
  status: 'pending',
});
