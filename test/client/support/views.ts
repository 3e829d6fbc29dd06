import { createStore, type Store } from '../../../packages/client/src/observable/store.js';
import type { Action } from '../../../packages/client/src/state/actions.js';
import { createState, reduce } from '../../../packages/client/src/state/reduce.js';
import type {
  ClientState,
  ConversationRecord,
  PendingMessage,
} from '../../../packages/client/src/state/types.js';
import type {
  ConversationView,
  EntryView,
  MemberView,
  MessageView,
  PositionView,
  SettingsView,
  ShownChangeView,
} from '../../../packages/client/src/wire/index.js';

/** Views as the server sends them, for tests without a server. */

export const CONVERSATION = 'c'.repeat(24);
export const ALICE = 'alice';
export const BOB = 'bob';
const NOON = '2026-01-01T12:00:00.000Z';

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
  createdAt: new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString(),
  updatedAt: NOON,
  ...overrides,
});

export const hiddenView = (seq: number): EntryView => ({
  kind: 'hidden',
  conversationId: CONVERSATION,
  seq,
});

export const memberView = (userId: string, lastReadSeq = 0, lastDeliveredSeq = lastReadSeq): MemberView => ({
  _id: userId,
  name: userId.toUpperCase(),
  role: 'member',
  joinedSeq: 0,
  lastReadSeq,
  lastDeliveredSeq,
});

export const conversationView = (overrides: Partial<ConversationView> = {}): ConversationView => ({
  _id: CONVERSATION,
  participants: [ALICE, BOB],
  members: [memberView(ALICE), memberView(BOB)],
  type: 'direct',
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
  lastMessageAt: NOON,
  unreadCount: 0,
  lastReadSeq: 0,
  lastDeliveredSeq: 0,
  occasions: [],
  createdAt: NOON,
  updatedAt: NOON,
  ...overrides,
});

export const pendingEntry = (order: number, overrides: Partial<PendingMessage> = {}): PendingMessage => ({
  clientMessageId: `pending-${order}`,
  conversationId: CONVERSATION,
  content: `pending ${order}`,
  order,
  createdAt: NOON,
  status: 'pending',
  ...overrides,
});

const changeFields = { conversationId: CONVERSATION, userId: BOB, at: NOON };

export const editChange = (rev: number, seq: number, content: string): ShownChangeView => ({
  ...changeFields,
  rev,
  kind: 'edit',
  seq,
  message: messageView(seq, BOB, { content, editedAt: NOON }),
});

export const deleteChange = (rev: number, seq: number): ShownChangeView => ({
  ...changeFields,
  rev,
  kind: 'delete',
  seq,
  message: messageView(seq, BOB, { content: '', deletedAt: NOON }),
});

export const pinChange = (rev: number, seq: number, on: boolean): ShownChangeView => ({
  ...changeFields,
  rev,
  kind: 'pin',
  seq,
  on,
  message: messageView(seq, BOB),
});

/** Actions of the reducer. */
export const received = (message: EntryView): Action => ({ type: 'message', message });
export const changed = (change: ShownChangeView, isAnswer = false): Action => ({
  type: 'change',
  change,
  isAnswer,
});
export const positionView = (userId: string, readSeq: number, deliveredSeq = readSeq): PositionView => ({
  conversationId: CONVERSATION,
  userId,
  readSeq,
  deliveredSeq,
  status: 'read',
  at: NOON,
});
export const moved = (userId: string, readSeq: number, deliveredSeq = readSeq): Action => ({
  type: 'position',
  position: positionView(userId, readSeq, deliveredSeq),
});
export const settingsChange = (overrides: Partial<SettingsView>): Action => ({
  type: 'settings',
  settings: {
    conversationId: CONVERSATION,
    userId: ALICE,
    readSeq: 0,
    deliveredSeq: 0,
    at: NOON,
    ...overrides,
  },
});

export const apply = (state: ClientState, ...actions: readonly Action[]): ClientState =>
  actions.reduce(reduce, state);

/** Returns the state of Alice, who holds one conversation. */
export const withConversation = (overrides: Partial<ConversationView> = {}): ClientState =>
  reduce(createState(ALICE), { type: 'conversations', conversations: [conversationView(overrides)] });

export const storeOf = (state: ClientState = withConversation()): Store => createStore(state);

/** Returns the only conversation of a state. */
export function only(state: ClientState): ConversationRecord {
  const conversation = state.conversations[CONVERSATION];
  if (conversation === undefined) throw new Error('the conversation is not held');
  return conversation;
}

export const seqsOf = (state: ClientState): number[] =>
  (state.logs[CONVERSATION] ?? []).map(({ seq }) => seq);
