import type { ConversationView, MessageView } from '../../contract/index.js';

/** The user whose device is measured. */
export const USER = 'bench-user';

const START_MS = Date.UTC(2026, 0, 1);
const WORDS = [
  'lunch',
  'tomorrow',
  'at',
  'the',
  'usual',
  'place',
  'or',
  'rather',
  'later',
  'when',
  'it',
  'rains',
];

const idOf = (prefix: string, number: number): string => prefix + number.toString(16).padStart(22, '0');
const timeOf = (number: number): string => new Date(START_MS + number * 1_000).toISOString();

const otherOf = (number: number) => ({
  _id: `user-${number}`,
  name: `Friend Number ${number}`,
  avatar: `https://cdn.example.com/avatars/${number}.webp`,
});

export const conversationIdOf = (number: number): string => idOf('c0', number + 1);
const numberOf = (conversationId: string): number => parseInt(conversationId.slice(2), 16) - 1;

/** A message of a chat; users write in turn. */
export function messageOf(conversationId: string, seq: number): MessageView {
  const number = numberOf(conversationId);
  const sender = seq % 2 === 0 ? { _id: USER, name: 'Bench User' } : otherOf(number);
  const at = timeOf(number * 100 + seq);
  const view = {
    _id: idOf('e0', number * 1_000 + seq),
    conversationId,
    seq,
    senderId: sender._id,
    sender,
    clientMessageId: `00000000-0000-4000-8000-${String(number * 1_000 + seq).padStart(12, '0')}`,
    kind: 'text',
    content: Array.from(
      { length: 8 },
      (_, index) => WORDS[(number + seq * 5 + index * 7) % WORDS.length],
    ).join(' '),
    attachments: [],
    reactions: [],
    status: 'read',
    createdAt: at,
    updatedAt: at,
  };
  // The ids of the contract are branded: only the server makes them.
  return view as unknown as MessageView;
}

/** A chat with this many messages, of which the last is unread. */
export function conversationOf(number: number, messages: number): ConversationView {
  const _id = conversationIdOf(number);
  const other = otherOf(number);
  const at = timeOf(number * 100 + messages);
  const position = { lastReadSeq: messages - 1, lastDeliveredSeq: messages };
  const view = {
    _id,
    type: 'direct',
    participants: [USER, other._id],
    members: [
      { _id: USER, name: 'Bench User', role: 'member', joinedSeq: 0, ...position },
      { ...other, role: 'member', joinedSeq: 0, lastReadSeq: messages, lastDeliveredSeq: messages },
    ],
    createdBy: other._id,
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
    messageCount: messages,
    lastSeq: messages,
    rev: 0,
    lastMessage: messageOf(_id, messages),
    lastMessageAt: at,
    unreadCount: 1,
    ...position,
    occasions: [],
    createdAt: at,
    updatedAt: at,
  };
  // The ids of the contract are branded: only the server makes them.
  return view as unknown as ConversationView;
}
