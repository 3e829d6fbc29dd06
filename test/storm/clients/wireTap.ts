import type {
  Answer,
  CommandData,
  MessagePageAnswer,
  PushName,
  Success,
  SyncAnswer,
} from '../../../contract/index.js';
import type { Packet } from '../../client/support/packets.js';
import { HIDDEN, type Entry } from '../checker/history.js';
import { mayRetry } from './outbox.js';
import { hearPush } from './pushes.js';
import { seenConversation, seenMessage, seenPosition } from './views.js';

export interface WireTapParts {
  log: (entry: Entry) => void;
  /** Ms since the start of the run. */
  now: () => number;
  /** Looks up a message in the database that was just received; undefined while the database is unreachable. */
  isStored: (messageId: string) => Promise<boolean | undefined>;
}

/** Commands that the SDK sends by itself: a final refusal of one is a surprise. */
const OWN_COMMANDS: ReadonlySet<string> = new Set([
  ...['sync', 'getConversations', 'getConversation', 'getMessages', 'getChanges'],
  ...['message:read', 'message:delivered', 'watchConversation'],
]);
const SPOT_CHECK_EVERY = 10;
const DEFAULT_PAGE = 100;

interface Page {
  conversationId: string;
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}

/** Reads the wire of an SDK client, and logs what the checker has to know of it: the SDK itself shows less, and later. */
export class WireTap {
  /** Times at which commands were sent, by connection and acknowledgement id. */
  readonly #askedAt = new Map<string, number>();
  readonly #attempts = new Map<string, number>();
  /** Commands that are logged by their sender: payloads as JSON, with their number. */
  readonly #unlogged = new Map<string, number>();
  #heard = 0;

  constructor(readonly parts: WireTapParts) {}

  /** Leaves the next command with this payload to its sender. */
  leaveOut(event: string, payload: unknown): void {
    const key = JSON.stringify([event, payload]);
    this.#unlogged.set(key, (this.#unlogged.get(key) ?? 0) + 1);
  }

  take(packet: Packet): void {
    if (packet.kind === 'command') this.#asked(packet);
    else if (packet.kind === 'answer') this.#answered(packet);
    else if (packet.kind === 'push') this.#pushed(packet);
  }

  #asked({ event, payload, connection, id = '' }: Packet): void {
    this.#askedAt.set(`${connection} ${id}`, this.parts.now());
    if (event !== 'sendMessage') return;
    const { conversationId, clientMessageId, content = '' } = payload as Record<string, string>;
    if (conversationId === undefined || clientMessageId === undefined) return;
    const key = `${conversationId} ${clientMessageId} ${content}`;
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    this.parts.log({ kind: 'send', conversationId, clientMessageId, content, attempt });
  }

  #answered({ event, payload, connection, id = '', answer }: Packet): void {
    const key = `${connection} ${id}`;
    const askedAt = this.#askedAt.get(key) ?? this.parts.now();
    this.#askedAt.delete(key);
    if (this.#isLeftOut(event, payload)) return;
    const { success, ...rest } = answer as Answer<unknown>;
    if (!success) {
      this.#refused({ event, payload, answer: answer as Answer<unknown> });
      return;
    }
    const { data } = rest as Success<unknown>;
    if (event === 'sendMessage') {
      const { duplicate, ...view } = data as CommandData<'sendMessage'>;
      this.parts.log({ kind: 'acked', message: seenMessage(view), duplicate });
    } else if (event === 'getMessages') this.#page(payload as Page, data as MessagePageAnswer, askedAt);
    else if (event === 'sync' || event === 'getConversations') {
      const { conversations, settings = [], totalUnread } = data as Partial<SyncAnswer>;
      this.parts.log({
        kind: 'synced',
        askedAt,
        conversations: (conversations ?? []).map(seenConversation),
        own: settings.map(seenPosition),
        totalUnread: totalUnread ?? 0,
      });
    } else if (event === 'message:read' || event === 'message:delivered') {
      const { unreadCount, ...view } = data as CommandData<'message:read'>;
      const { seq } = payload as { seq: number };
      const wasRead = event === 'message:read';
      this.parts.log({
        kind: 'advanced',
        ...seenPosition(view),
        askedAt,
        askedSeq: seq,
        wasRead,
        unreadCount,
      });
    }
  }

  #refused({ event, payload, answer }: { event: string; payload: unknown; answer: Answer<unknown> }): void {
    if (answer.success || mayRetry(answer.code)) return;
    const { conversationId, clientMessageId, content = '' } = payload as Partial<Record<string, string>>;
    const { code } = answer;
    if (event === 'sendMessage' && conversationId !== undefined && clientMessageId !== undefined)
      this.parts.log({ kind: 'refused', conversationId, clientMessageId, content, code });
    else if (OWN_COMMANDS.has(event))
      this.parts.log({ kind: 'surprise', command: event, code, conversationId });
  }

  /** A page covers what was asked for, as far as it reaches; one around a message covers what it holds. */
  #page(asked: Page, page: MessagePageAnswer, askedAt: number): void {
    const { conversationId, before, after, around, limit = DEFAULT_PAGE } = asked;
    const messages = page.messages.map(seenMessage);
    const range =
      after !== undefined
        ? { fromSeq: after + 1 }
        : before !== undefined
          ? { fromSeq: Math.max(1, before - limit), toSeq: before - 1 }
          : around !== undefined
            ? { fromSeq: messages[0]?.seq ?? 1, toSeq: messages.at(-1)?.seq ?? 0 }
            : {};
    this.parts.log({
      kind: 'page',
      conversationId,
      askedAt,
      limit,
      messages,
      lastSeq: page.lastSeq,
      ...range,
    });
  }

  #pushed({ event, payload }: Packet): void {
    const { data } = payload as Success<unknown>;
    for (const { entry, message } of hearPush(event as PushName, data)) {
      this.parts.log(entry);
      if (message === undefined) continue;
      this.#heard += 1;
      if (this.#heard % SPOT_CHECK_EVERY === 0 && message._id !== HIDDEN) void this.#spotCheck(message._id);
    }
  }

  async #spotCheck(messageId: string): Promise<void> {
    const found = await this.parts.isStored(messageId);
    if (found !== undefined) this.parts.log({ kind: 'spotCheck', messageId, found });
  }

  #isLeftOut(event: string, payload: unknown): boolean {
    const key = JSON.stringify([event, payload]);
    const count = this.#unlogged.get(key) ?? 0;
    if (count > 1) this.#unlogged.set(key, count - 1);
    else this.#unlogged.delete(key);
    return count > 0;
  }
}
