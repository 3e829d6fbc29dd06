import type { LinkAnswer } from '../connection/link.js';
import { positionOf } from '../state/conversations.js';
import { sortedConversations } from '../state/listSelectors.js';
import { entryAt, gapsIn, newestRun, type SeqRange } from '../state/log.js';
import { asideKey } from '../state/reduceMessages.js';
import { arrivedSeq, FIRST_PAGE, logOf } from '../state/selectors.js';
import type { LogEntry } from '../state/types.js';
import type { HistoryInput, MessagePage } from '../wire/index.js';
import { Changes } from './changes.js';
import type { StoreAndAsk } from './deps.js';

const PAGE = 100;
const MAX_PAGE = 200;
/** A gap up to this long is closed at once. The inside of a longer one is loaded when the user scrolls there. */
const CLOSE_UP_TO = 400;
const MAX_TRIES = 3;
/**
 * Conversations whose newest messages are loaded in the background per synchronisation, in the order of the list. The others
 * are loaded when they are opened; until then their messages are not reported as delivered.
 */
const MAX_PREFETCHED = 200;

type Page = Omit<HistoryInput, 'conversationId'> & { limit: number };

const gapKey = (conversationId: string, { fromSeq }: SeqRange): string => `${conversationId} ${fromSeq}`;

/** The answer to a request for a page: loaded, or why not. */
export type Loaded = 'loaded' | 'stale' | Extract<LinkAnswer<'getMessages'>, { success: false }>;

export interface HistoryDeps extends StoreAndAsk {
  /** The server has less than is held here. */
  onReload: () => void;
  /** Reads the stored messages of a conversation into the state. */
  restoreLog: (conversationId: string) => Promise<void>;
  /** Called before a page is applied. */
  onPage: (conversationId: string, page: MessagePage) => void;
}

/** Loads messages: the newest, older ones, and those that are missing in between. */
export class History {
  readonly #deps: HistoryDeps;
  readonly #changes: Changes;
  /** Pages on their way, by what was asked. */
  readonly #loading = new Map<string, Promise<Loaded>>();
  /** Gaps that pages did not close, and how often that was tried. */
  readonly #tries = new Map<string, number>();
  readonly #closing = new Set<string>();
  /** Conversations whose newest messages are to be loaded in the background. */
  readonly #waiting = new Set<string>();
  readonly #aside = new Map<string, Promise<void>>();
  #isPrefetching = false;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.#changes = new Changes(deps);
  }

  /** Loads a page. Requests for the same page at the same time share one. */
  load(conversationId: string, page: Page): Promise<Loaded> {
    const key = JSON.stringify([conversationId, page]);
    const known = this.#loading.get(key);
    if (known !== undefined) return known;
    const loading = this.#loadPage(conversationId, page).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  async #loadPage(conversationId: string, page: Page): Promise<Loaded> {
    const { store, ask, onReload, onPage } = this.#deps;
    const { generation, conversations } = store.getState();
    const seenRev = conversations[conversationId]?.seenRev;
    const answer = await ask('getMessages', { conversationId, ...page });
    // The cache was dropped meanwhile: the answer may belong to another history.
    if (store.getState().generation !== generation) return 'stale';
    if (!answer.success) return answer;
    if (answer.data.reload === true) {
      // A link may name a message that never was: that says nothing about what is held here.
      if (page.around !== undefined) return 'loaded';
      onReload();
      return 'stale';
    }
    onPage(conversationId, answer.data);
    store.dispatch({ type: 'page', conversationId, page: answer.data, seenRev });
    return 'loaded';
  }

  /** Loads what is missing: changes, gaps, and messages that have not reached this device yet. */
  complete(id: string): void {
    if (this.#isDormant(id)) return;
    this.#changes.complete(id);
    const gaps = this.#gapsToClose(id);
    for (const gap of gaps) void this.#closeGap(id, gap);
    if (gaps.length > 0) return;
    if (this.#needsNewest(id)) this.#waiting.add(id);
    void this.#prefetch();
  }

  /** Whether the newest messages have not reached this device yet. */
  #needsNewest(id: string): boolean {
    const state = this.#deps.store.getState();
    const conversation = state.conversations[id];
    if (conversation === undefined) return false;
    const isNew = conversation.lastSeq > positionOf(conversation, state.userId).delivered;
    return isNew && arrivedSeq(state, conversation) === 0;
  }

  /** Completes all conversations after a synchronisation. */
  completeAll(): void {
    this.#tries.clear();
    this.#changes.retryAll();
    let prefetched = 0;
    const state = this.#deps.store.getState();
    for (const { id } of sortedConversations(state)) {
      const before = this.#waiting.size;
      if (prefetched < MAX_PREFETCHED || logOf(state, id).length > 0) this.complete(id);
      if (this.#waiting.size > before) prefetched += 1;
    }
  }

  /** Large groups and channels that are not open tell their heads only: nothing is loaded before they are opened. */
  #isDormant(id: string): boolean {
    const { conversations, open } = this.#deps.store.getState();
    return conversations[id]?.isLarge === true && open[id] === undefined;
  }

  /** Gaps worth closing now: at the end, or short; and not those that the server does not fill. */
  #gapsToClose(id: string): SeqRange[] {
    const state = this.#deps.store.getState();
    const lastSeq = state.conversations[id]?.lastSeq ?? 0;
    return gapsIn(logOf(state, id), lastSeq).filter((gap) => {
      const isNear = gap.toSeq === lastSeq || gap.toSeq - gap.fromSeq < CLOSE_UP_TO;
      return isNear && (this.#tries.get(gapKey(id, gap)) ?? 0) < MAX_TRIES;
    });
  }

  async #closeGap(id: string, gap: SeqRange): Promise<void> {
    const key = gapKey(id, gap);
    if (this.#closing.has(key)) return;
    this.#closing.add(key);
    this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
    const isLong = gap.toSeq - gap.fromSeq >= CLOSE_UP_TO;
    const limit = Math.min(MAX_PAGE, gap.toSeq - gap.fromSeq + 1);
    const loaded = await this.load(id, isLong ? { limit: PAGE } : { after: gap.fromSeq - 1, limit });
    this.#closing.delete(key);
    if (loaded === 'loaded') this.complete(id);
    else this.#tries.delete(key);
  }

  async #prefetch(): Promise<void> {
    if (this.#isPrefetching) return;
    this.#isPrefetching = true;
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      await this.#deps.restoreLog(id);
      // The stored messages may reach far enough. Pushed ones alone do not: what precedes them may never have been received.
      if (!this.#needsNewest(id)) {
        this.complete(id);
        continue;
      }
      const loaded = await this.load(id, { limit: FIRST_PAGE });
      if (typeof loaded === 'string' || loaded.code !== 'RATE_LIMITED') continue;
      await new Promise((resolve) => setTimeout(resolve, loaded.retryAfterMs ?? 1_000));
      this.#waiting.add(id);
    }
    this.#isPrefetching = false;
  }

  /** Loads the newest messages of a conversation that is being opened, and those around the first unread one. */
  async open(id: string): Promise<Loaded> {
    const { store } = this.#deps;
    const { logs, conversations } = store.getState();
    const isEmpty = logs[id] !== undefined && conversations[id]?.lastSeq === 0;
    const isHeld = isEmpty || logOf(store.getState(), id).length > 0;
    if (isHeld) this.complete(id);
    const isEnough = isHeld && !this.#isScanty(id);
    if (isEnough && this.#missingUnread(id) === undefined) {
      store.dispatch({ type: 'loading', conversationId: id, state: 'idle' });
      return 'loaded';
    }
    store.dispatch({ type: 'loading', conversationId: id, state: 'loading' });
    const loaded = isEnough ? 'loaded' : await this.load(id, { limit: FIRST_PAGE });
    const unread = loaded === 'loaded' ? this.#missingUnread(id) : undefined;
    // Without it the conversation opens at its end.
    if (unread !== undefined) await this.load(id, { around: unread, limit: FIRST_PAGE });
    store.dispatch({ type: 'loading', conversationId: id, state: loaded === 'loaded' ? 'idle' : 'failed' });
    if (loaded === 'loaded') this.complete(id);
    return loaded;
  }

  /** Returns the first unread message, when the conversation opens there and it is not held. */
  #missingUnread(id: string): number | undefined {
    const state = this.#deps.store.getState();
    const seq = state.open[id]?.firstUnreadSeq;
    const isHeld = seq === undefined || entryAt(logOf(state, id), seq) !== undefined;
    return isHeld || seq < (state.conversations[id]?.visibleFromSeq ?? 1) ? undefined : seq;
  }

  /** Less than a page is held, and there is more: a push or an own message came before the history was loaded. */
  #isScanty(id: string): boolean {
    const state = this.#deps.store.getState();
    const run = newestRun(logOf(state, id));
    if (run === undefined || run.toSeq - run.fromSeq + 1 >= FIRST_PAGE) return false;
    return run.fromSeq > (state.conversations[id]?.visibleFromSeq ?? 1);
  }

  async #loadShown(id: string, page: Page): Promise<Loaded> {
    const { store } = this.#deps;
    store.dispatch({ type: 'loading', conversationId: id, state: 'loading' });
    const loaded = await this.load(id, page);
    store.dispatch({ type: 'loading', conversationId: id, state: loaded === 'loaded' ? 'idle' : 'failed' });
    if (loaded === 'loaded') this.complete(id);
    return loaded;
  }

  /** First `seq` that could still be loaded before the held ones; undefined when there is none. */
  olderThan(id: string): number | undefined {
    const state = this.#deps.store.getState();
    const first = logOf(state, id)[0]?.seq;
    return first !== undefined && first > (state.conversations[id]?.visibleFromSeq ?? 1) ? first : undefined;
  }

  /** Loads the page before a `seq`. */
  loadOlder(id: string, beforeSeq: number): Promise<Loaded> {
    return this.#loadShown(id, { before: beforeSeq, limit: PAGE });
  }

  /** Loads the page after a `seq`: a long gap, reached from above. */
  loadNewer(id: string, afterSeq: number): Promise<Loaded> {
    return this.#loadShown(id, { after: afterSeq, limit: PAGE });
  }

  /** Loads the messages around a `seq`, unless that one is held. */
  async loadAround(id: string, seq: number): Promise<Loaded> {
    if (entryAt(logOf(this.#deps.store.getState(), id), seq) !== undefined) return 'loaded';
    const loaded = await this.load(id, { around: seq, limit: FIRST_PAGE });
    if (loaded === 'loaded') this.complete(id);
    return loaded;
  }

  /** Loads one message without the history around it, into `aside`. Repeats share one request. */
  async loadOne(id: string, seq: number): Promise<LogEntry | undefined> {
    const key = asideKey(id, seq);
    const find = (): LogEntry | undefined => {
      const state = this.#deps.store.getState();
      return entryAt(logOf(state, id), seq) ?? state.aside[key];
    };
    if (find() !== undefined) return find();
    const loading = this.#aside.get(key) ?? this.#loadAside(id, seq).finally(() => this.#aside.delete(key));
    this.#aside.set(key, loading);
    await loading;
    return find();
  }

  async #loadAside(conversationId: string, seq: number): Promise<void> {
    const { store, ask } = this.#deps;
    const answer = await ask('getMessages', { conversationId, around: seq, limit: 1 });
    const found = answer.success ? answer.data.messages.find((one) => one.seq === seq) : undefined;
    if (found !== undefined) store.dispatch({ type: 'aside', message: found });
  }
}
