/** Values that follow from the state: computed, never stored beside it. Pure functions of the state. */
import type { MessageStatus, Role, UserView } from '../wire/index.js';
import { isMutedAt, positionOf } from './conversations.js';
import { isContent, isMessage } from './entries.js';
import { covers, indexOfSeq, newestRun } from './log.js';
import { valueAt } from './records.js';
import type {
  ClientState,
  Conversation,
  ConversationRecord,
  LogEntry,
  Message,
  PendingMessage,
} from './types.js';

/**
 * Messages of a first page. A device that holds this many of the newest messages has received the conversation, whatever
 * precedes them.
 */
export const FIRST_PAGE = 60;

const NO_ENTRIES: readonly LogEntry[] = [];

/** Returns the server's time as far as known, in ms since 1970. */
export const nowAt = ({ clockOffsetMs }: Pick<ClientState, 'clockOffsetMs'>): number =>
  Date.now() + clockOffsetMs;

/** Returns all held entries of a conversation, hidden ones included, ascending by `seq`. */
export const logOf = (state: ClientState, conversationId: string): readonly LogEntry[] =>
  state.logs[conversationId] ?? NO_ENTRIES;

/** Returns unsent messages of a conversation in the order of sending. */
export const pendingOf = (state: ClientState, conversationId: string): PendingMessage[] =>
  state.outbox.filter((entry) => entry.conversationId === conversationId);

/** How far the user has read: as the server knows, or as was seen on this device. */
export const readSeqOf = (state: ClientState, conversation: ConversationRecord): number =>
  Math.max(positionOf(conversation, state.userId).read, state.reads[conversation.id] ?? 0);

/** Returns the number of unread messages: counted where all are held, else from the server's count and what came since. */
export function unreadOf(state: ClientState, conversation: ConversationRecord): number {
  const readSeq = readSeqOf(state, conversation);
  if (readSeq >= conversation.lastSeq) return 0;
  const log = logOf(state, conversation.id);
  if (covers(log, { fromSeq: readSeq + 1, toSeq: conversation.lastSeq })) {
    return countOthers(state.userId, log, readSeq + 1);
  }
  const { count, fromSeq, toSeq } = conversation.unreadBase;
  const left = Math.max(0, count - Math.max(0, readSeq - fromSeq));
  return left + countOthers(state.userId, log, Math.max(readSeq, toSeq) + 1);
}

function countOthers(userId: string, log: readonly LogEntry[], fromSeq: number): number {
  let count = 0;
  for (let index = indexOfSeq(log, fromSeq); index < log.length; index += 1) {
    const entry = log[index];
    if (entry === undefined || !isContent(entry)) continue;
    if (entry.senderId !== userId && entry.deletedAt === undefined) count += 1;
  }
  return count;
}

const STATUSES: readonly MessageStatus[] = ['sent', 'delivered', 'read'];

/**
 * Returns the delivery status of an own message: what all recipients have reached. Positions only move forward, so the status
 * does, too. For large groups and channels only the server's word is known.
 */
export function statusOf(
  conversation: ConversationRecord | undefined,
  { seq, senderId, status = 'sent' }: { seq: number; senderId?: string; status?: MessageStatus },
): MessageStatus {
  if (conversation === undefined) return status;
  const others =
    conversation.type === 'direct'
      ? [conversation.otherUserId]
      : recipientsIn(conversation, { seq, senderId });
  if (conversation.isLarge || others.length === 0) return status;
  const reached = reachedBy(conversation, others, seq);
  return STATUSES.indexOf(reached) > STATUSES.indexOf(status) ? reached : status;
}

/** Members other than the sender who were members when a message was sent: positions of later ones come from joining. */
const recipientsIn = (
  { members }: Pick<ConversationRecord, 'members'>,
  { seq, senderId }: { seq: number; senderId?: string | undefined },
): string[] =>
  Object.values(members).flatMap(({ _id, joinedSeq }) => (_id !== senderId && joinedSeq <= seq ? [_id] : []));

/** Returns the ids of the current members who have read a message. Empty for large groups and channels. */
export const readersOf = (
  conversation: Pick<ConversationRecord, 'members' | 'positions'>,
  message: { seq: number; senderId?: string | undefined },
): string[] =>
  recipientsIn(conversation, message).filter((id) => positionOf(conversation, id).read >= message.seq);

function reachedBy(conversation: ConversationRecord, userIds: readonly string[], seq: number): MessageStatus {
  const positions = userIds.map((id) => positionOf(conversation, id));
  if (positions.every(({ read }) => read >= seq)) return 'read';
  return positions.every(({ delivered }) => delivered >= seq) ? 'delivered' : 'sent';
}

/**
 * Returns the `seq` up to which messages have arrived on this device without a gap, as far as known; 0 when unknown. It is
 * reported as delivered.
 */
export function arrivedSeq(state: ClientState, conversation: ConversationRecord): number {
  const run = newestRun(logOf(state, conversation.id));
  if (run === undefined) return 0;
  const known = positionOf(conversation, state.userId).delivered;
  return run.fromSeq <= known + 1 || run.toSeq - run.fromSeq + 1 >= FIRST_PAGE ? run.toSeq : 0;
}

/** Returns a user as far as known; else only the id. */
export const userOf = (state: ClientState, userId: string): UserView =>
  valueAt(state.users, userId) ?? { _id: userId };

/** Returns the other user of a direct conversation; for groups and channels their own id, name and picture. */
export const peerOf = (conversation: ConversationRecord): UserView =>
  conversation.type === 'direct'
    ? (valueAt(conversation.members, conversation.otherUserId) ?? { _id: conversation.otherUserId })
    : { _id: conversation.id, name: conversation.name, avatar: conversation.avatar };

/** Rights of a role. The server decides; apps use this to leave out what it would refuse. */
export const rightsOf = (role: Role): { manage: boolean; changeRoles: boolean } => ({
  manage: role !== 'member',
  changeRoles: role === 'owner',
});

/** Whether a member may remove another one. */
export const mayRemove = (own: Role, other: Role): boolean =>
  own === 'owner' || (own === 'admin' && other === 'member');

/** Whether pictures, pins and messages of others may be managed. */
export const mayManage = ({ type, role }: Pick<ConversationRecord, 'type' | 'role'>): boolean =>
  type === 'direct' || rightsOf(role).manage;

export type ClosedReason = 'blocked' | 'closed' | 'postersOnly';

/**
 * Returns why the user cannot write; undefined when they can. `blocked`: they have blocked the other user. `closed`: the
 * conversation was closed, or the other user has blocked them. `postersOnly`: only owner and admins post in a channel.
 */
export function closedReasonOf({
  type,
  role,
  isBlocked,
  isClosed,
}: Pick<ConversationRecord, 'type' | 'role' | 'isBlocked' | 'isClosed'>): ClosedReason | undefined {
  if (isBlocked) return 'blocked';
  if (isClosed) return 'closed';
  return type === 'channel' && role === 'member' ? 'postersOnly' : undefined;
}

interface ViewedConversation {
  log: readonly LogEntry[] | undefined;
  seenSeq: number | undefined;
  ownUserId: string;
  view: Conversation;
}

const views = new WeakMap<ConversationRecord, ViewedConversation>();

/**
 * Returns a conversation as apps read it: the same object while nothing in it has changed. What it was computed from is
 * remembered, because a list of thousands is read again after each message.
 */
export function conversationOf(state: ClientState, record: ConversationRecord): Conversation {
  const log = state.logs[record.id];
  const seenSeq = state.reads[record.id];
  const known = views.get(record);
  const isMuted = record.mutedUntil !== undefined && isMutedAt(record, nowAt(state));
  const isCurrent =
    known !== undefined &&
    known.log === log &&
    known.seenSeq === seenSeq &&
    known.ownUserId === state.userId &&
    known.view.isMuted === isMuted;
  if (isCurrent) return known.view;
  const unreadCount = unreadOf(state, record);
  const readSeq = readSeqOf(state, record);
  const before = known?.view;
  const isSame =
    before?.unreadCount === unreadCount && before.readSeq === readSeq && before.isMuted === isMuted;
  const view = isSame ? before : { ...record, unreadCount, readSeq, isMuted };
  views.set(record, { log, seenSeq, ownUserId: state.userId, view });
  return view;
}

const shown = new WeakMap<Message, Message>();

/**
 * Returns the messages of a log, without hidden entries, each with its current delivery status. A message keeps its reference
 * until it or its status has changed.
 */
export function messagesIn(
  log: readonly LogEntry[],
  conversation: ConversationRecord | undefined,
  ownUserId: string,
): Message[] {
  return log.filter(isMessage).map((message) => {
    if (message.senderId !== ownUserId) return message;
    const status = statusOf(conversation, message);
    if (status === message.status) return message;
    const known = shown.get(message);
    if (known?.status === status) return known;
    const current = { ...message, status };
    shown.set(message, current);
    return current;
  });
}
