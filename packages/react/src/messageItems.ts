import { isNotice, type Message, type MessagesSnapshot, type PendingMessage } from '@parley/client';
import { dayOf, type Day } from './days.js';

/** Beginning of a calendar day. */
export interface DayItem {
  kind: 'day';
  key: string;
  /** For example `2026-11-29`, in the time zone of the user. */
  day: Day;
}

/** Stands before the first message that was unread when the conversation was opened. */
export interface UnreadItem {
  kind: 'unread';
  key: string;
}

/** Messages that are not on the device. Load them with `loadNewer(fromSeq - 1)` when this comes into view. */
export interface GapItem {
  kind: 'gap';
  key: string;
  fromSeq: number;
  toSeq: number;
}

/** A message, stored by the server or not yet. Its `key` stays the same when it is stored. */
export interface MessageItem {
  kind: 'message';
  key: string;
  isOwn: boolean;
  /** Delivery status of own messages; of others always `sent` or further. */
  status: Message['status'] | PendingMessage['status'];
  /** Text or caption. */
  content: string;
  /** True when the message before it, on the same day, is not of the same sender. */
  startsGroup: boolean;
  /** True when the message after it, on the same day, is not of the same sender. Only with the option `groupEnds`. */
  endsGroup: boolean | undefined;
  /** Set when the server has stored it. */
  message: Message | undefined;
  /** Set until the server has stored it. */
  pending: PendingMessage | undefined;
}

export type MessageListItem = DayItem | UnreadItem | GapItem | MessageItem;

export interface MessageListInput {
  snapshot: MessagesSnapshot;
  ownUserId: string;
  timeZone: string | undefined;
  /** The server's clock minus the device's, in ms. */
  clockOffsetMs: number;
  groupEnds: boolean;
}

/** A list of items, with the way back to those that can be used again. */
export interface MessageList {
  items: readonly MessageListItem[];
  byKey: ReadonlyMap<string, MessageListItem>;
}

/** Servers' clocks differ: a step back across midnight by less than this does not begin a day again. */
const CLOCK_TOLERANCE_MS = 600_000;

/**
 * Arranges the messages of a conversation for display: ascending by `seq`, unsent messages at the end, with the beginnings of
 * days, the unread marker and gaps between them. Items that are the same as in `previous` keep their reference, so that
 * memoised rows do not render again. Times decide about days only, never about the order.
 */
export function arrangeMessages(input: MessageListInput, previous?: MessageList): MessageList {
  const list = new ListBuilder(input, previous);
  const { messages, pending, gaps } = input.snapshot;
  const gapsLeft = [...gaps];
  const markedSeq = markedSeqOf(input);
  for (const message of messages) {
    while ((gapsLeft[0]?.toSeq ?? Infinity) < message.seq) list.addGap(gapsLeft.shift());
    list.addDay(message);
    if (message.seq === markedSeq) list.addUnread();
    list.addMessage(message);
  }
  for (const gap of gapsLeft) list.addGap(gap);
  for (const entry of pending) list.addPending(entry);
  return list.finish();
}

/** Returns the message that the unread marker stands before. Undefined while messages before it may be missing. */
function markedSeqOf({ snapshot, ownUserId }: MessageListInput): number | undefined {
  const { firstUnreadSeq, messages, gaps, hasOlder } = snapshot;
  if (firstUnreadSeq === undefined) return undefined;
  const index = messages.findIndex(
    ({ seq, senderId, kind }) => seq >= firstUnreadSeq && senderId !== ownUserId && kind !== 'system',
  );
  const marked = messages[index];
  if (marked === undefined) return undefined;
  const isHeld = !hasOlder || (messages[0]?.seq ?? 0) <= firstUnreadSeq;
  const isBehindGap = gaps.some(({ fromSeq, toSeq }) => toSeq >= firstUnreadSeq && fromSeq < marked.seq);
  return isHeld && !isBehindGap ? marked.seq : undefined;
}

class ListBuilder {
  readonly #items: MessageListItem[] = [];
  readonly #byKey = new Map<string, MessageListItem>();
  #day: Day = '';
  #timeMs = 0;
  #last: MessageItem | undefined;
  #lastSenderId: string | undefined;

  constructor(
    readonly input: MessageListInput,
    readonly previous: MessageList | undefined,
  ) {}

  addGap(gap: MessagesSnapshot['gaps'][number] | undefined): void {
    if (gap === undefined) return;
    const { fromSeq, toSeq } = gap;
    this.#endGroup();
    this.#add({ kind: 'gap', key: `gap:${fromSeq}`, fromSeq, toSeq });
  }

  addUnread(): void {
    this.#endGroup();
    this.#add({ kind: 'unread', key: 'unread' });
  }

  addDay(message: Message): void {
    const day = dayOfMessage(message, this.input.timeZone);
    const timeMs = Date.parse(message.createdAt);
    const isStepBack = day < this.#day && this.#timeMs - timeMs < CLOCK_TOLERANCE_MS;
    this.#timeMs = timeMs;
    if (!isStepBack) this.#beginDay(day, message.seq);
  }

  addMessage(message: Message): void {
    const key = keyOf(message);
    const isLine = isNotice(message);
    if (isLine) this.#endGroup();
    this.#addBubble(message.senderId, {
      key: this.#byKey.has(key) ? `${key}:${message.seq}` : key,
      isOwn: message.senderId === this.input.ownUserId,
      status: message.status,
      content: message.content,
      message,
      pending: undefined,
    });
    if (isLine) this.#endGroup();
  }

  /** The device's clock is trusted to name a later day, never an earlier one. */
  addPending(pending: PendingMessage): void {
    const { ownUserId, timeZone, clockOffsetMs } = this.input;
    const { clientMessageId, status, content, createdAt, order } = pending;
    const key = keyOf({ senderId: ownUserId, clientMessageId });
    // Stored already: shown once.
    if (this.#byKey.has(key)) return;
    const day = dayOf(Date.parse(createdAt) + clockOffsetMs, timeZone);
    if (day > this.#day) this.#beginDay(day, `pending:${order}`);
    this.#addBubble(ownUserId, { key, isOwn: true, status, content, message: undefined, pending });
  }

  finish(): MessageList {
    this.#endGroup();
    const { previous } = this;
    const items = this.#items.map((item) => {
      const known = previous?.byKey.get(item.key);
      const kept = known !== undefined && isSame(known, item) ? known : item;
      this.#byKey.set(item.key, kept);
      return kept;
    });
    const isUnchanged =
      previous?.items.length === items.length && previous.items.every((item, at) => item === items[at]);
    return isUnchanged ? previous : { items, byKey: this.#byKey };
  }

  #beginDay(day: Day, place: number | string): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#endGroup();
    const key = `day:${day}`;
    this.#add({ kind: 'day', key: this.#byKey.has(key) ? `${key}:${place}` : key, day });
  }

  #addBubble(senderId: string, fields: Omit<MessageItem, 'kind' | 'startsGroup' | 'endsGroup'>): void {
    if (senderId !== this.#lastSenderId) this.#endGroup();
    const item: MessageItem = {
      kind: 'message',
      ...fields,
      startsGroup: this.#last === undefined,
      endsGroup: this.input.groupEnds ? false : undefined,
    };
    this.#add(item);
    this.#last = item;
    this.#lastSenderId = senderId;
  }

  #endGroup(): void {
    if (this.#last !== undefined && this.input.groupEnds) this.#last.endsGroup = true;
    this.#last = undefined;
    this.#lastSenderId = undefined;
  }

  #add(item: MessageListItem): void {
    this.#items.push(item);
    this.#byKey.set(item.key, item);
  }
}

/** Made by the client for a message, and the same before and after it is stored. Two senders may use the same one. */
const keyOf = ({ senderId, clientMessageId }: { senderId: string; clientMessageId: string }): string =>
  `message:${senderId}:${clientMessageId}`;

interface KnownDay {
  timeZone: string | undefined;
  day: Day;
}
const days = new WeakMap<Message, KnownDay>();

/** Formatting a date is slow on phones: each message is asked once. */
function dayOfMessage(message: Message, timeZone: string | undefined): Day {
  const known = days.get(message);
  if (known !== undefined && known.timeZone === timeZone) return known.day;
  const day = dayOf(Date.parse(message.createdAt), timeZone);
  days.set(message, { timeZone, day });
  return day;
}

function isSame(a: MessageListItem, b: MessageListItem): boolean {
  if (a.kind === 'message')
    return b.kind === 'message' && MESSAGE_FIELDS.every((name) => a[name] === b[name]);
  if (a.kind === 'gap') return b.kind === 'gap' && a.fromSeq === b.fromSeq && a.toSeq === b.toSeq;
  // The key of a day or of the unread marker says everything.
  return a.kind === b.kind;
}

const MESSAGE_FIELDS = [
  'message',
  'pending',
  'status',
  'content',
  'startsGroup',
  'endsGroup',
  'isOwn',
] as const;
