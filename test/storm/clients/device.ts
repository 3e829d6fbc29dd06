import { setTimeout as wait } from 'node:timers/promises';
import type {
  Answer,
  CommandData,
  CommandName,
  MessagePageAnswer,
  PushName,
  Success,
} from '../../../contract/index.js';
import { HIDDEN, type Entry } from '../checker/history.js';
import type { StormLog } from '../log.js';
import type { Balancer } from '../parts/balancer.js';
import { Connection } from './connection.js';
import { mayRetry, Outbox, type Outgoing } from './outbox.js';
import { OwnClock } from './ownClock.js';
import { hearPush, type Heard } from './pushes.js';
import { Store } from './store.js';
import type { StormDevice } from './stormDevice.js';
import { rangeOf, seenConversation, seenList, seenMessage, seenPosition } from './views.js';

export interface DeviceParts {
  user: string;
  /** Device, as `user/number`. */
  client: string;
  balancer: Balancer;
  log: StormLog;
  /** Error of its clock, in ms. */
  clockOffByMs: number;
  transport: 'websocket' | 'polling';
  /** Time without an answer after which it changes the server, in ms. */
  patienceMs: number;
  /** Looks up a message in the database that was just received; undefined while the database is unreachable. */
  isStored: (messageId: string) => Promise<boolean | undefined>;
  /** Large groups, whose messages only members with an open conversation receive. */
  crowds: () => readonly string[];
  /** State from the last use. */
  store?: Store;
}

const PAGE = 200;
const RETRY_MS = 200;
/** Time within which arrivals are acknowledged as delivered together. */
const REPORT_AFTER_MS = 300;
/** Every n-th message received live is looked up in the database immediately. */
const SPOT_CHECK_EVERY = 10;

/**
 * One device of a user that behaves as documented: an outbox with retries, `sync` on every connect, gaps closed by
 * `seq`, positions reported. Live pushes are used immediately; the database has the final word.
 */
export class Device implements StormDevice {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly connection: Connection;
  readonly #clock: OwnClock;
  #stopped = false;
  #heard = 0;
  #syncing: Promise<boolean> | undefined;
  #filling: Promise<void> | undefined;
  #reporting: NodeJS.Timeout | undefined;

  constructor(readonly parts: DeviceParts) {
    this.#clock = new OwnClock(parts);
    this.store = parts.store ?? new Store();
    this.connection = new Connection({
      balancer: parts.balancer,
      transport: parts.transport,
      patienceMs: parts.patienceMs,
      token: () => this.token(),
      headers: { date: new Date(this.#clock.nowMs()).toUTCString() },
      onConnect: () => {
        this.log({ kind: 'connected' });
        void this.sync();
        void this.#look();
      },
      onDisconnect: (reason) => this.log({ kind: 'disconnected', reason }),
      onPush: (event, payload) => this.#push(event as PushName, payload),
    });
    this.outbox = new Outbox({
      isUp: () => this.connection.isUp,
      isStopped: () => this.#stopped,
      send: (message, attempt) => this.#send(message, attempt),
      acked: ({ duplicate, ...view }) => {
        this.log({ kind: 'acked', message: seenMessage(view), duplicate });
        this.#hold(view);
      },
      refused: ({ hangUp: _how, ...message }, code) => this.log({ kind: 'refused', ...message, code }),
    });
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  get unsent(): number {
    return this.outbox.length;
  }

  head(conversationId: string): number {
    return this.store.get(conversationId).head;
  }

  hasAll(heads: ReadonlyMap<string, number>): boolean {
    const held = [...heads].every(([id, head]) => this.store.get(id).through >= head);
    return held && this.store.undelivered().length === 0;
  }

  /** Commands of this device are logged by their callers. */
  tryForbidden<Name extends CommandName>(event: Name, payload: Record<string, unknown>) {
    return this.connection.call(event, payload);
  }

  token(): string {
    return this.#clock.token();
  }

  log(entry: Entry): void {
    const { client, user, log } = this.parts;
    log.add({ client, user, server: this.connection.server }, entry);
  }

  newClientMessageId(): string {
    return this.#clock.newClientMessageId();
  }

  say(conversationId: string, options: Partial<Outgoing> = {}): void {
    const clientMessageId = options.clientMessageId ?? this.newClientMessageId();
    const content = options.content ?? this.#clock.text(clientMessageId);
    this.outbox.add({ ...options, conversationId, clientMessageId, content });
  }

  /** Opens the direct conversation with a user, and retries until it is answered. Undefined when the run is over. */
  async open(withUser: string): Promise<string | undefined> {
    const answer = await this.ask('getOrCreateDirect', { otherUserId: withUser });
    if (answer === undefined) return undefined;
    const { conversation, created } = answer;
    this.log({ kind: 'opened', withUser, conversationId: conversation._id, created });
    this.store.get(conversation._id);
    return conversation._id;
  }

  /** Reports everything held so far as read. */
  read(conversationId: string): Promise<boolean> {
    return this.#report('message:read', conversationId);
  }

  /** Reads a page from anywhere in the history. */
  async browse(conversationId: string, where: { before?: number; limit: number }): Promise<void> {
    const askedAt = this.parts.log.now();
    const answer = await this.connection.call('getMessages', { conversationId, ...where });
    if (answer?.success !== true) {
      this.#surprise('getMessages', answer, conversationId);
      return;
    }
    this.#logPage(answer.data, { conversationId, askedAt, limit: where.limit, ...rangeOf(where) });
  }

  /** Reads the list page by page. */
  async list(): Promise<void> {
    const askedAt = this.parts.log.now();
    const answer = await this.connection.call('getConversations', { limit: 100 });
    if (answer?.success !== true) {
      this.#surprise('getConversations', answer);
      return;
    }
    this.log(seenList(answer.data, askedAt));
  }

  /** Syncs all changes, then closes gaps. False when the connection was lost. */
  sync(): Promise<boolean> {
    this.#syncing ??= this.#sync().finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  /** Repeats a command until it succeeds, over as many connections as needed. Undefined when stopped or refused. */
  async ask<Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ): Promise<CommandData<Name> | undefined> {
    while (!this.#stopped) {
      const answer = await this.connection.call(event, payload);
      if (answer?.success === true) return answer.data;
      if (answer !== undefined && !mayRetry(answer.code)) {
        const id = payload['conversationId'];
        const conversationId = typeof id === 'string' ? id : undefined;
        this.log({ kind: 'surprise', command: event, code: answer.code, conversationId });
        return undefined;
      }
      await wait(answer?.retryAfterMs ?? RETRY_MS);
    }
    return undefined;
  }

  /** Records the state that this device has collected. */
  testify(): void {
    this.log({ kind: 'final', holdings: this.store.holdings() });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#reporting);
    await this.connection.close();
  }

  async #send(message: Outgoing, attempt: number) {
    const { hangUp, ...payload } = message;
    this.log({ kind: 'send', ...payload, attempt });
    const answer = this.connection.call('sendMessage', payload);
    if (hangUp === true && attempt === 1) {
      // Waits until the bytes are sent: closing in the same turn would discard them.
      await wait(2);
      this.connection.hangUp();
    }
    return answer;
  }

  async #sync(): Promise<boolean> {
    for (;;) {
      const askedAt = this.parts.log.now();
      const { cursor } = this.store;
      const answer = await this.connection.call('sync', cursor === undefined ? {} : { cursor });
      if (answer?.success !== true) {
        this.#surprise('sync', answer);
        return false;
      }
      const { conversations, settings, totalUnread, epoch, hasMore } = answer.data;
      const seen = conversations.map(seenConversation);
      const own = settings.map(seenPosition);
      this.log({ kind: 'synced', askedAt, conversations: seen, own, totalUnread });
      this.store.enter(epoch);
      for (const { conversationId, lastSeq } of seen) {
        const held = this.store.get(conversationId);
        held.head = Math.max(held.head, lastSeq);
      }
      this.store.cursor = answer.data.cursor;
      if (!hasMore) break;
    }
    await this.#fill();
    return this.store.incomplete().length === 0;
  }

  /** Closes gaps until there are none, or the connection is lost: the next `sync` continues. */
  #fill(): Promise<void> {
    this.#filling ??= this.#fillAll().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  async #fillAll(): Promise<void> {
    for (const conversationId of this.store.incomplete()) {
      const held = this.store.get(conversationId);
      while (held.head > held.through) {
        const askedAt = this.parts.log.now();
        const [after, before] = [held.through, held.through];
        const answer = await this.connection.call('getMessages', { conversationId, after, limit: PAGE });
        if (answer?.success !== true) {
          this.#surprise('getMessages', answer, conversationId);
          if (answer === undefined || mayRetry(answer.code)) return;
          // The device has lost access: the answer is recorded, and the conversation dropped.
          this.store.forget(conversationId);
          break;
        }
        this.#logPage(answer.data, { conversationId, askedAt, fromSeq: after + 1, limit: PAGE });
        for (const view of answer.data.messages) held.add(view.seq, seenMessage(view)._id);
        if (held.through === before) break;
      }
    }
    this.#reportSoon();
  }

  /** Opens large groups. A refusal because of a missing membership is retried after the next connect. */
  async #look(): Promise<void> {
    await Promise.all(
      this.parts
        .crowds()
        .map((conversationId) =>
          this.connection.call('watchConversation', { conversationId, watching: true }),
        ),
    );
  }

  #push(event: PushName, payload: unknown): void {
    if (event === 'sync:advised') void this.sync();
    for (const heard of hearPush(event, (payload as Success<unknown>).data)) this.#hear(heard);
  }

  #hear({ entry, message, head }: Heard): void {
    this.log(entry);
    if (message !== undefined) {
      this.#heard += 1;
      if (this.#heard % SPOT_CHECK_EVERY === 0 && message._id !== HIDDEN) void this.#spotCheck(message._id);
      this.#hold(message);
    }
    if (head !== undefined) {
      const held = this.store.get(head.conversationId);
      held.head = Math.max(held.head, head.lastSeq);
    }
    if (this.store.incomplete().length > 0) void this.#fill();
  }

  #hold({ conversationId, seq, _id }: { conversationId: string; seq: number; _id: string }): void {
    this.store.get(conversationId).add(seq, _id);
    this.#reportSoon();
  }

  async #spotCheck(messageId: string): Promise<void> {
    const found = await this.parts.isStored(messageId);
    if (found !== undefined) this.log({ kind: 'spotCheck', messageId, found });
  }

  #reportSoon(): void {
    if (this.#stopped) return;
    this.#reporting ??= setTimeout(() => {
      this.#reporting = undefined;
      void this.#reportDelivered();
    }, REPORT_AFTER_MS);
  }

  async #reportDelivered(): Promise<void> {
    for (const conversationId of this.store.undelivered()) {
      if (!(await this.#report('message:delivered', conversationId))) return;
    }
  }

  async #report(event: 'message:read' | 'message:delivered', conversationId: string): Promise<boolean> {
    const held = this.store.get(conversationId);
    const seq = held.through;
    const wasRead = event === 'message:read';
    if (seq <= (wasRead ? held.readSeq : held.deliveredSeq)) return true;
    const askedAt = this.parts.log.now();
    const answer = await this.connection.call(event, { conversationId, seq });
    if (answer?.success !== true) {
      this.#surprise(event, answer, conversationId);
      if (answer === undefined || mayRetry(answer.code)) return false;
      this.store.forget(conversationId);
      return true;
    }
    const { unreadCount } = answer.data;
    const position = seenPosition(answer.data);
    this.log({ kind: 'advanced', ...position, askedAt, askedSeq: seq, wasRead, unreadCount });
    held.deliveredSeq = Math.max(held.deliveredSeq, position.deliveredSeq);
    held.readSeq = Math.max(held.readSeq, position.readSeq);
    return true;
  }

  #logPage(
    page: MessagePageAnswer,
    asked: { conversationId: string; askedAt: number; limit: number; fromSeq?: number; toSeq?: number },
  ): void {
    this.log({ kind: 'page', ...asked, messages: page.messages.map(seenMessage), lastSeq: page.lastSeq });
  }

  /** Records failures that faults do not explain. No answer, or a retryable code, is expected during faults. */
  #surprise(command: string, answer: Answer<unknown> | undefined, conversationId?: string): void {
    if (answer === undefined || answer.success || mayRetry(answer.code)) return;
    this.log({ kind: 'surprise', command, code: answer.code, conversationId });
  }
}
