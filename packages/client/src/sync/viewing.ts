import { backoffMs } from '../connection/backoff.js';
import { retryRuleOf } from '../errors/parleyError.js';
import type { ClientState } from '../state/types.js';
import type { StoreAndAsk } from './deps.js';

const RETRY = { firstMs: 500, maxMs: 10_000 };

export interface ViewingDeps extends StoreAndAsk {
  /** The live delivery of this conversation has begun: what came before is loaded. */
  onWatching: (conversationId: string) => void;
}

/**
 * Tells the server which large groups and channels are open: their messages come live only while they are. Repeated on every
 * connection.
 */
export class Viewing {
  readonly #deps: ViewingDeps;
  readonly #watched = new Set<string>();
  readonly #unsubscribe: () => void;
  #isOnline = false;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: ViewingDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.store.onChange((state, before) => {
      if (state.open !== before.open || state.conversations !== before.conversations) this.#update(state);
    });
  }

  start(): void {
    this.#isOnline = true;
    this.#watched.clear();
    this.#update(this.#deps.store.getState());
  }

  stop(): void {
    this.#isOnline = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  dispose(): void {
    this.stop();
    this.#unsubscribe();
  }

  #update(state: ClientState): void {
    if (!this.#isOnline) return;
    const wanted = Object.keys(state.open).filter((id) => state.conversations[id]?.isLarge === true);
    for (const id of this.#watched) {
      if (wanted.includes(id)) continue;
      this.#watched.delete(id);
      void this.#deps.ask('watchConversation', { conversationId: id, watching: false });
    }
    for (const id of wanted) if (!this.#watched.has(id)) void this.#watch(id);
  }

  async #watch(conversationId: string): Promise<void> {
    this.#watched.add(conversationId);
    const answer = await this.#deps.ask('watchConversation', { conversationId, watching: true });
    if (!this.#watched.has(conversationId)) return;
    if (answer.success) {
      this.#attempt = 0;
      this.#deps.store.dispatch({ type: 'head', ...answer.data });
      this.#deps.onWatching(conversationId);
      return;
    }
    this.#watched.delete(conversationId);
    if (retryRuleOf(answer.code) === 'never') return;
    const waitMs = Math.max(answer.retryAfterMs ?? 0, backoffMs(this.#attempt++, RETRY));
    this.#updateLater(waitMs);
  }

  #updateLater(afterMs: number): void {
    if (!this.#isOnline) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update(this.#deps.store.getState());
    }, afterMs);
  }
}
