import { backoffMs } from '../connection/backoff.js';
import type { Ask, TabChannel, TabMessage } from '../connection/link.js';
import { ParleyError, retryRuleOf } from '../errors/parleyError.js';
import type { Store } from '../observable/store.js';
import { isMessage } from '../state/entries.js';
import { logOf } from '../state/selectors.js';
import type { CarriedContent, ClientState, Message, PendingMessage } from '../state/types.js';
import type { OutboxStorage } from '../storage/outboxStorage.js';
import { EntryKeeper } from './entryKeeper.js';
import { toPayload } from './payload.js';
import { Preparations, type Prepare } from './preparations.js';
import { SentPromises } from './sentPromises.js';

const RETRY = { firstMs: 500, maxMs: 15_000 };

/** Content of a message; `content` is its text or caption. */
export interface OutboxContent extends CarriedContent {
  content: string;
  replyTo?: number | undefined;
  uploads?: readonly string[] | undefined;
  preparation?: unknown;
}

export interface OutboxDeps {
  store: Store;
  ask: Ask;
  newId: () => string;
  onSent: (pending: PendingMessage, message: Message) => void;
  onFailed: (pending: PendingMessage, error: ParleyError) => void;
  onDiscarded?: ((pending: PendingMessage) => void) | undefined;
  prepare?: Prepare | undefined;
}

/** A message that was added: its promises as `SentHandle` describes them. */
export interface AddedMessage {
  clientMessageId: string;
  stored: Promise<Message>;
  persisted: Promise<void>;
}

/**
 * Messages on their way. Each is stored on the device before it is sent, goes out in order (one at a time per conversation),
 * and is sent again with the same id until the server has answered. Only an answer whose code says that a repetition can never
 * succeed makes it `failed`. It is therefore stored exactly once, however often it is sent.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #entries: EntryKeeper;
  readonly #preparations: Preparations;
  readonly #promises = new SentPromises();
  /** Conversations with a message that is being sent, or waits for its next attempt. */
  readonly #busy = new Map<string, ReturnType<typeof setTimeout> | 'sending'>();
  readonly #attempts = new Map<string, number>();
  readonly #discarded = new Set<string>();
  /** Messages whose files the server did not know any more, and that were prepared once more. */
  readonly #preparedAgain = new Set<string>();
  /** Acknowledged messages that are leaving the outbox. */
  readonly #acknowledged = new Map<string, Message>();
  readonly #unsubscribe: () => void;
  #tabs: TabChannel | undefined;
  #leaveTabs: () => void = () => undefined;
  #isReady = false;
  #isLeader = true;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#entries = new EntryKeeper(deps.store);
    this.#preparations = new Preparations({
      prepare: deps.prepare,
      onPrepared: (entry, carried) => void this.#takePrepared(entry, carried),
      // Its uploads may have changed meanwhile.
      onFailed: (entry, error) => this.#fail(this.#entries.find(entry.clientMessageId) ?? entry, error),
    });
    // Whatever removes an entry (its answer, its arrival by another way), the storage forgets it, too.
    this.#unsubscribe = deps.store.onChange((state, before) => {
      if (state.outbox !== before.outbox && state.userId === before.userId) this.#settleGone(state, before);
    });
  }

  /** Uses the storage of a user from now on. Entries of a former one stay in theirs. */
  useStorage(storage: OutboxStorage): void {
    this.#entries.useStorage(storage);
    this.#clearTimers();
    this.#busy.clear();
    this.#attempts.clear();
    this.#preparedAgain.clear();
    this.#preparations.clear();
  }

  useTabs(tabs: TabChannel | undefined): void {
    this.#leaveTabs();
    this.#tabs = tabs;
    this.#leaveTabs = tabs?.onMessage((message) => this.#takeTabMessage(message)) ?? (() => undefined);
  }

  /** Only the leader of several tabs sends. A new leader takes up what the former one has left. */
  setLeader(isLeader: boolean): void {
    const isNew = isLeader && !this.#isLeader;
    this.#isLeader = isLeader;
    if (isNew) void this.restore();
  }

  /** Takes up what is stored. */
  async restore(): Promise<void> {
    await this.#entries.restore();
    this.#pumpAll();
  }

  /** Adds a message, shows and stores it, then sends it. */
  add(conversationId: string, content: OutboxContent): AddedMessage {
    const clientMessageId = this.#deps.newId();
    const stored = this.#promises.create(clientMessageId);
    const persisted = this.#keep({
      ...content,
      clientMessageId,
      conversationId,
      order: this.#entries.nextOrder(),
      createdAt: new Date().toISOString(),
      status: 'pending',
    });
    persisted.catch(() => undefined);
    return { clientMessageId, stored, persisted };
  }

  async #keep(entry: PendingMessage): Promise<void> {
    const kept = await this.#entries.keep(entry);
    if (kept === undefined)
      throw new ParleyError('DISCARDED', 'The message was discarded before it was stored.');
    this.#tabs?.post({ type: 'outboxQueued', entry: kept.entry });
    this.#pump(entry.conversationId);
    if (!kept.isSaved) throw new ParleyError('STORAGE', 'The message is kept in memory only.');
  }

  #pumpAll(): void {
    const { outbox } = this.#deps.store.getState();
    for (const id of new Set(outbox.map(({ conversationId }) => conversationId))) this.#pump(id);
  }

  #pump(conversationId: string): void {
    if (!this.#isReady || !this.#isLeader) return;
    const waiting = this.#deps.store
      .getState()
      .outbox.filter((entry) => entry.conversationId === conversationId && entry.status === 'pending');
    for (const entry of waiting) if (entry.preparation !== undefined) this.#preparations.begin(entry);
    if (this.#busy.has(conversationId)) return;
    const next = waiting.find(({ preparation }) => preparation === undefined);
    // A message that is still being stored is sent once it is: none overtakes it.
    if (next !== undefined && this.#entries.isSaved(next.clientMessageId)) void this.#send(next);
  }

  async #send(entry: PendingMessage): Promise<void> {
    const { conversationId, clientMessageId } = entry;
    const { storage } = this.#entries;
    this.#busy.set(conversationId, 'sending');
    const answer = await this.#deps.ask('sendMessage', toPayload(entry));
    // The answer to another user's message.
    if (storage !== this.#entries.storage) return;
    this.#busy.delete(conversationId);
    if (answer.success) {
      const { duplicate: _wasStored, ...message } = answer.data;
      this.#takeStored(entry, message);
      this.#tabs?.post({ type: 'outboxRemoved', clientMessageId, isDiscarded: false, message });
    } else if (this.#entries.find(clientMessageId) !== undefined) {
      if (retryRuleOf(answer.code) !== 'never') this.#wait(entry, answer.retryAfterMs);
      else if (this.#mayPrepareAgain(entry, answer.code)) this.#prepareAgain(entry);
      else this.#fail(entry, new ParleyError(answer.code, answer.error, answer));
    }
    this.#pump(conversationId);
  }

  /** The server removes files that were not sent within a day: they are uploaded again, once. */
  #mayPrepareAgain({ uploads, clientMessageId }: PendingMessage, code: string): boolean {
    return uploads !== undefined && code === 'NOT_FOUND' && !this.#preparedAgain.has(clientMessageId);
  }

  #prepareAgain(entry: PendingMessage): void {
    this.#preparedAgain.add(entry.clientMessageId);
    this.#keep({ ...entry, attachments: undefined, preparation: 'again' }).catch(() => undefined);
  }

  #takeStored({ clientMessageId }: PendingMessage, message: Message): void {
    const { store } = this.#deps;
    this.#acknowledged.set(clientMessageId, message);
    store.dispatch({ type: 'message', message });
    // A merged conversation answers under its new id, by which the entry is not found.
    store.dispatch({ type: 'unqueued', clientMessageIds: [clientMessageId] });
    this.#acknowledged.delete(clientMessageId);
    this.#promises.resolve(clientMessageId, message);
  }

  #fail(entry: PendingMessage, error: ParleyError): void {
    const { clientMessageId } = entry;
    const { code } = error;
    void this.#entries.storage?.write({ ...entry, status: 'failed', code });
    this.#tabs?.post({ type: 'outboxFailed', clientMessageId, code, error: error.message });
    this.#takeFailed(entry, error);
  }

  #takeFailed(entry: PendingMessage, error: ParleyError): void {
    const { clientMessageId } = entry;
    this.#attempts.delete(clientMessageId);
    this.#deps.store.dispatch({ type: 'failed', clientMessageId, code: error.code });
    this.#promises.reject(clientMessageId, error);
    this.#deps.onFailed({ ...entry, status: 'failed', code: error.code }, error);
  }

  #wait({ conversationId, clientMessageId }: PendingMessage, afterMs = 0): void {
    if (!this.#isReady) return;
    const attempt = this.#attempts.get(clientMessageId) ?? 0;
    this.#attempts.set(clientMessageId, attempt + 1);
    const next = (): void => {
      this.#busy.delete(conversationId);
      this.#pump(conversationId);
    };
    this.#busy.set(conversationId, setTimeout(next, Math.max(afterMs, backoffMs(attempt, RETRY))));
  }

  async #takePrepared(entry: PendingMessage, carried: CarriedContent): Promise<void> {
    // Its uploads may have changed meanwhile.
    const current = this.#entries.find(entry.clientMessageId);
    if (current?.preparation === undefined) return;
    const { preparation: _done, ...rest } = current;
    await this.#keep({ ...rest, ...carried }).catch(() => undefined);
  }

  /** Settles the promises of entries that have left the outbox, and removes them from the storage. */
  #settleGone(state: ClientState, before: ClientState): void {
    const left = new Set(state.outbox.map(({ clientMessageId }) => clientMessageId));
    const gone = before.outbox.filter(({ clientMessageId }) => !left.has(clientMessageId));
    if (gone.length === 0) return;
    void this.#entries.storage?.remove(gone);
    for (const entry of gone) {
      const { clientMessageId } = entry;
      this.#attempts.delete(clientMessageId);
      if (this.#discarded.delete(clientMessageId)) {
        this.#promises.reject(clientMessageId, new ParleyError('DISCARDED', 'The message was discarded.'));
        this.#deps.onDiscarded?.(entry);
        continue;
      }
      const message = this.#acknowledged.get(clientMessageId) ?? findStored(state, entry);
      if (message === undefined) continue;
      this.#promises.resolve(clientMessageId, message);
      this.#deps.onSent(entry, message);
    }
  }

  /** Sends a failed message again with the same id; after `CONFLICT`, with a new one. */
  retry(clientMessageId: string): void {
    const entry = this.#entries.find(clientMessageId);
    if (entry?.status !== 'failed') return;
    const { code, ...rest } = entry;
    const id = code === 'CONFLICT' ? this.#deps.newId() : clientMessageId;
    if (id !== clientMessageId) this.#remove(clientMessageId);
    // Its files may be gone from the server by now.
    const again = rest.uploads !== undefined && { preparation: 'again', attachments: undefined };
    this.#preparedAgain.delete(clientMessageId);
    this.#keep({ ...rest, ...again, status: 'pending', clientMessageId: id }).catch(() => undefined);
  }

  retryAll(): void {
    for (const { clientMessageId } of this.#deps.store.getState().outbox) this.retry(clientMessageId);
  }

  /** Removes a message. */
  discard(clientMessageId: string): void {
    if (this.#entries.find(clientMessageId) === undefined) return;
    this.#discarded.add(clientMessageId);
    this.#remove(clientMessageId);
  }

  /** Takes an upload from the message that waits for it, or has failed. One that has nothing else to say is discarded. */
  dropUpload(uploadId: string): void {
    const mayChange = ({ preparation, status }: PendingMessage): boolean =>
      preparation !== undefined || status === 'failed';
    const entry = this.#deps.store
      .getState()
      .outbox.find((one) => one.uploads?.includes(uploadId) && mayChange(one));
    if (entry === undefined) return;
    const uploads = entry.uploads?.filter((id) => id !== uploadId) ?? [];
    if (uploads.length === 0 && entry.content === '') this.discard(entry.clientMessageId);
    else {
      // Without files it is a text like others.
      const rest = uploads.length === 0 ? { uploads: undefined, preparation: undefined } : { uploads };
      // A failed one may hold what was prepared of all of them: its retry prepares what is left.
      this.#keep({ ...entry, attachments: undefined, ...rest }).catch(() => undefined);
    }
  }

  #remove(clientMessageId: string): void {
    const isDiscarded = this.#discarded.has(clientMessageId);
    this.#deps.store.dispatch({ type: 'unqueued', clientMessageIds: [clientMessageId] });
    this.#tabs?.post({ type: 'outboxRemoved', clientMessageId, isDiscarded });
  }

  /** The server can be asked: sends at once whatever waits. */
  start(): void {
    this.#isReady = true;
    this.#clearTimers();
    this.#attempts.clear();
    this.#preparations.retryAll();
    this.#pumpAll();
  }

  /** The connection is lost: waits for the next `start`. */
  stop(): void {
    this.#isReady = false;
  }

  #clearTimers(): void {
    for (const [conversationId, timer] of this.#busy) {
      if (timer === 'sending') continue;
      clearTimeout(timer);
      this.#busy.delete(conversationId);
    }
  }

  /** Rejects the promises of all unsent messages: their results will not come to this client. */
  abandon(error: ParleyError): void {
    this.#promises.rejectAll(error);
  }

  /** Ends all timers. Entries stay in the storage. */
  dispose(): void {
    this.stop();
    this.#unsubscribe();
    this.#leaveTabs();
    this.#clearTimers();
    this.#entries.dispose();
  }

  #takeTabMessage(message: TabMessage): void {
    if (message.type === 'outboxQueued') {
      const entry = message.entry as PendingMessage;
      this.#entries.noteOrder(entry.order);
      this.#deps.store.dispatch({ type: 'queued', entries: [entry] });
      this.#pump(entry.conversationId);
      return;
    }
    if (message.type !== 'outboxRemoved' && message.type !== 'outboxFailed') return;
    const entry = this.#entries.find(message.clientMessageId);
    if (entry === undefined) return;
    if (message.type === 'outboxFailed') {
      this.#takeFailed(entry, new ParleyError(message.code as ParleyError['code'], message.error));
    } else if (message.message !== undefined) this.#takeStored(entry, message.message as Message);
    else {
      if (message.isDiscarded) this.#discarded.add(entry.clientMessageId);
      this.#deps.store.dispatch({ type: 'unqueued', clientMessageIds: [entry.clientMessageId] });
    }
  }
}

function findStored(
  state: ClientState,
  { conversationId, clientMessageId }: PendingMessage,
): Message | undefined {
  const log = logOf(state, conversationId);
  for (let index = log.length - 1; index >= 0; index -= 1) {
    const entry = log[index];
    if (entry === undefined || !isMessage(entry)) continue;
    if (entry.senderId === state.userId && entry.clientMessageId === clientMessageId) return entry;
  }
  return undefined;
}
