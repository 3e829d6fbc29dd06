import type { ParleyEvents } from '../api/events.js';
import { backoffMs } from '../connection/backoff.js';
import type { AskOptions, LinkAnswer } from '../connection/link.js';
import { retryRuleOf } from '../errors/parleyError.js';
import { peerOf } from '../state/selectors.js';
import type { CommandName, SyncPage } from '../wire/index.js';
import type { StoreAndAsk } from './deps.js';

const REPEAT_MS = 60_000;
const RETRY = { firstMs: 500, maxMs: 10_000 };
const LIST_PAGE = 50;
/** Times that one run may begin from nothing. */
const MAX_RESTARTS = 2;
/** Pushes kept during a sync. Beyond that they are dropped: the sync after this one finds what they said. */
const MAX_KEPT = 5_000;
/** Time for the answer that shows that a connection is alive after the app was in the background. */
const PROBE_TIMEOUT_MS = 4_000;
/** Pushes about the present moment: applied late they would be wrong. */
const EPHEMERAL: ReadonlySet<string> = new Set(['typing', 'presence', 'message:counts']);

export interface SyncDeps extends StoreAndAsk {
  /** Applies a push. Pushes that came during a repeated sync are applied at once, and again after it. */
  onPush: (name: string, data: unknown, isRepeated: boolean) => void;
  /** A conversation that was held is not the user's any more. */
  onRemoved: (event: ParleyEvents['conversationRemoved']) => void;
  /** The first attempt on this connection is over, successful or not. */
  onSettled: () => void;
  onSynced: () => void;
  /** The cache was dropped: what the storage holds of it is wrong, too. */
  onReset: (reason: 'epoch' | 'reload') => void;
  /** The connection does not answer. */
  onSilence: () => void;
}

/** Reason why one run has failed. */
interface Trouble {
  code: string;
  retryAfterMs?: number | undefined;
}

/**
 * Keeps the state equal to the server's. On every connection one `sync` (or, without a cursor, the list) brings what has
 * changed. It is repeated once a minute, because pushes are best effort: what was lost on the way is found.
 */
export class Sync {
  readonly #deps: SyncDeps;
  #kept: { name: string; data: unknown; isApplied: boolean }[] | undefined;
  /** Until the first run on a connection has ended, pushes wait for it; later ones are applied at once, and again after it. */
  #isHolding = false;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOnline = false;
  /** Number of the connection: the outcome of a run on an earlier one says nothing about this one. */
  #connection = 0;
  #isRequested: AskOptions | undefined;
  #attempt = 0;

  constructor(deps: SyncDeps) {
    this.#deps = deps;
  }

  /** A connection is open. */
  start(): void {
    this.#isOnline = true;
    this.#connection += 1;
    this.#attempt = 0;
    this.#isHolding = true;
    this.run();
  }

  stop(): void {
    this.#isOnline = false;
    clearTimeout(this.#timer);
  }

  /** Synchronises now; when a run is under way, once more after it. */
  run(options: AskOptions = {}): void {
    if (!this.#isOnline) return;
    if (this.#running !== undefined) {
      this.#isRequested = options;
      return;
    }
    clearTimeout(this.#timer);
    this.#kept ??= [];
    this.#running = this.#round(options).finally(() => {
      this.#running = undefined;
      const requested = this.#isRequested;
      this.#isRequested = undefined;
      if (requested !== undefined) this.run(requested);
    });
  }

  /** Synchronises with a short timeout: the app has come to the foreground, and the connection may be half dead. */
  probe(): void {
    this.run({ timeoutMs: PROBE_TIMEOUT_MS });
  }

  push(name: string, data: unknown): void {
    if (name === 'sync:advised') {
      this.#runWithin(data);
      return;
    }
    if (!this.#isHolding || EPHEMERAL.has(name)) this.#deps.onPush(name, data, false);
    if (EPHEMERAL.has(name) || this.#kept === undefined || this.#kept.length >= MAX_KEPT) return;
    this.#kept.push({ name, data, isApplied: !this.#isHolding });
  }

  /** Servers may have missed something between them: all clients synchronise, spread over a period. */
  #runWithin(data: unknown): void {
    if (typeof data !== 'object' || data === null || !('withinMs' in data)) return;
    if (typeof data.withinMs === 'number') this.#runLater(Math.random() * data.withinMs);
  }

  #runLater(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.run(), afterMs);
  }

  async #round(options: AskOptions): Promise<void> {
    const connection = this.#connection;
    const trouble = await this.#catchUp(0, options);
    this.#release();
    if (!this.#isOnline || connection !== this.#connection) return;
    if (trouble === undefined) {
      this.#attempt = 0;
      this.#deps.onSynced();
    }
    this.#deps.onSettled();
    if (trouble?.code === 'TIMEOUT') this.#deps.onSilence();
    // A cursor that the server refuses for good leads nowhere.
    if (trouble !== undefined && retryRuleOf(trouble.code) === 'never') this.#reset('reload');
    if (trouble === undefined) this.#runLater(REPEAT_MS);
    else this.#runLater(Math.max(trouble.retryAfterMs ?? 0, backoffMs(this.#attempt++, RETRY)));
  }

  #release(): void {
    const pushes = this.#kept ?? [];
    this.#kept = undefined;
    this.#isHolding = false;
    for (const { name, data, isApplied } of pushes) this.#deps.onPush(name, data, isApplied);
  }

  #reset(reason: 'epoch' | 'reload'): void {
    this.#deps.store.dispatch({ type: 'cacheDropped' });
    this.#deps.onReset(reason);
  }

  /** @param restarts how often this run began from nothing */
  async #catchUp(restarts: number, options: AskOptions): Promise<Trouble | undefined> {
    const { store, ask } = this.#deps;
    if (restarts > MAX_RESTARTS) return { code: 'INTERNAL' };
    if (store.getState().cursor === undefined) {
      const trouble = await this.#loadList(true, options);
      if (trouble !== undefined) return trouble;
    }
    for (;;) {
      const { cursor, epoch, generation } = store.getState();
      const answer = await ask('sync', cursor === undefined ? {} : { cursor }, options);
      if (!answer.success) return troubleOf(answer);
      if (store.getState().generation !== generation) return this.#catchUp(restarts + 1, options);
      const hasOtherEpoch = epoch !== undefined && epoch !== answer.data.epoch;
      if (answer.data.reload === true || hasOtherEpoch) {
        this.#reset(hasOtherEpoch ? 'epoch' : 'reload');
        return this.#catchUp(restarts + 1, options);
      }
      this.#apply(answer.data);
      if (!answer.data.hasMore) return undefined;
    }
  }

  #apply(page: SyncPage): void {
    const { store, onRemoved } = this.#deps;
    const { conversations } = store.getState();
    store.dispatch({ type: 'synced', page });
    for (const conversationId of page.removed) {
      const gone = conversations[conversationId];
      if (gone !== undefined) onRemoved({ conversationId, name: peerOf(gone).name, reason: 'unknown' });
    }
  }

  async #loadList(isFirst: boolean, options: AskOptions = {}): Promise<Trouble | undefined> {
    const { store, ask } = this.#deps;
    const { listCursor, generation } = store.getState();
    const payload = {
      limit: LIST_PAGE,
      ...(!isFirst && listCursor !== undefined && { cursor: listCursor }),
    };
    const answer = await ask('getConversations', payload, options);
    if (!answer.success) return troubleOf(answer);
    if (store.getState().generation === generation)
      store.dispatch({ type: 'listed', page: answer.data, isFirst });
    return undefined;
  }

  /** Loads the next page of the list. @returns the answer's trouble; undefined when it was loaded or there is none */
  async loadMore(): Promise<Trouble | undefined> {
    const { isListLoaded, isListComplete } = this.#deps.store.getState();
    if (!isListLoaded || isListComplete) return undefined;
    return this.#loadList(false);
  }

  /** The held data cannot be right: everything is loaded again. */
  reload(): void {
    this.#reset('reload');
    this.run();
  }
}

const troubleOf = (answer: Extract<LinkAnswer<CommandName>, { success: false }>): Trouble => ({
  code: answer.code,
  retryAfterMs: answer.retryAfterMs,
});
