/** Server views for the tests of the page's reducer. */

import type { ConversationView, Message, Pending } from '../../../page/src/types.js';

export const CONVERSATION = 'c'.repeat(24);
export const ALICE = 'alice';
export const BOB = 'bob';

export const messageView = (seq: number, senderId: string, overrides: Partial<Message> = {}): Message => ({
  _id: seq.toString(16).padStart(24, '0'),
  conversationId: CONVERSATION,
  seq,
  kind: 'text',
  senderId,
  clientMessageId: `id-${seq}`,
  content: `message ${seq}`,
  status: 'sent',
  createdAt: new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString(),
  ...overrides,
});

export const conversationView = (overrides: Partial<ConversationView> = {}): ConversationView => ({
  _id: CONVERSATION,
  participants: [ALICE, BOB],
  members: [
    { _id: ALICE, name: 'Alice', role: 'member', lastReadSeq: 0, lastDeliveredSeq: 0 },
    { _id: BOB, name: 'Bob', role: 'member', lastReadSeq: 0, lastDeliveredSeq: 0 },
  ],
  type: 'direct',
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
  lastSeq: 0,
  rev: 0,
  lastMessageAt: '2026-01-01T12:00:00.000Z',
  unreadCount: 0,
  lastReadSeq: 0,
  lastDeliveredSeq: 0,
  occasions: [],
  ...overrides,
});

export const pendingEntry = (order: number, overrides: Partial<Pending> = {}): Pending => ({
  clientMessageId: `pending-${order}`,
  conversationId: CONVERSATION,
  content: `pending ${order}`,
  order,
  createdAt: '2026-01-01T12:00:00.000Z',
  state: 'waiting',
  ...overrides,
});
