import { logOf } from '../state/selectors.js';
import type { StoreAndAsk } from './deps.js';

const PAGE = 200;
/** More missed changes than this are not walked through: a closed conversation is loaded again instead. */
const MAX_BEHIND = 1_000;

export interface ChangesDeps extends StoreAndAsk {
  /** The server has less than is held here. */
  onReload: () => void;
}

/** Loads missed changes: edits, deletions, reactions and pins of held messages of any age. */
export class Changes {
  readonly #deps: ChangesDeps;
  readonly #running = new Set<string>();
  /** Conversations whose changes could not be had, with their `rev` then: tried again on the next connection or change. */
  readonly #failed = new Map<string, number>();

  constructor(deps: ChangesDeps) {
    this.#deps = deps;
  }

  #behind(id: string): number {
    const state = this.#deps.store.getState();
    const conversation = state.conversations[id];
    if (conversation === undefined || logOf(state, id).length === 0) return 0;
    return conversation.rev - conversation.seenRev;
  }

  complete(id: string): void {
    const state = this.#deps.store.getState();
    const missing = this.#behind(id);
    if (missing <= 0 || this.#running.has(id) || this.#failed.get(id) === state.conversations[id]?.rev)
      return;
    if (missing > MAX_BEHIND && state.open[id] === undefined) {
      this.#deps.store.dispatch({ type: 'logDropped', conversationId: id });
      return;
    }
    void this.#walk(id);
  }

  async #walk(id: string): Promise<void> {
    this.#running.add(id);
    const isDone = await this.#loadPage(id);
    this.#running.delete(id);
    if (isDone) {
      this.#failed.delete(id);
      this.complete(id);
    } else this.#failed.set(id, this.#deps.store.getState().conversations[id]?.rev ?? 0);
  }

  async #loadPage(conversationId: string): Promise<boolean> {
    const { store, ask, onReload } = this.#deps;
    const { conversations, generation } = store.getState();
    const afterRev = conversations[conversationId]?.seenRev;
    if (afterRev === undefined) return false;
    const answer = await ask('getChanges', { conversationId, afterRev, limit: PAGE });
    if (store.getState().generation !== generation || !answer.success) return false;
    if (answer.data.reload === true) {
      onReload();
      return false;
    }
    store.dispatch({ type: 'changes', conversationId, afterRev, page: answer.data });
    // A page that brings nothing would be requested without end.
    return (store.getState().conversations[conversationId]?.seenRev ?? 0) > afterRev;
  }

  /** A new connection is a new chance. */
  retryAll(): void {
    this.#failed.clear();
  }
}
