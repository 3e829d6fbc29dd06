import { backoffMs } from '../connection/backoff.js';
import { retryRuleOf } from '../errors/parleyError.js';
import { positionOf } from '../state/conversations.js';
import { arrivedSeq } from '../state/selectors.js';
import type { ClientState, ConversationRecord } from '../state/types.js';
import type { StoreAndAsk } from './deps.js';

const COALESCE_MS = 80;
const RETRY = { firstMs: 500, maxMs: 10_000 };

export interface OwedReceipt {
  command: 'message:read' | 'message:delivered';
  seq: number;
}

/** Returns the position that the server has yet to be told; undefined when it knows. */
export function owedReceipt(state: ClientState, conversation: ConversationRecord): OwedReceipt | undefined {
  const known = positionOf(conversation, state.userId);
  const read = Math.min(state.reads[conversation.id] ?? 0, conversation.lastSeq);
  if (read > known.read) return { command: 'message:read', seq: read };
  const arrived = arrivedSeq(state, conversation);
  return arrived > known.delivered ? { command: 'message:delivered', seq: arrived } : undefined;
}

/**
 * Tells the server how far messages have come: delivered, when they have arrived on this device; read, when the user has seen
 * them. Only the furthest position is sent, once, and again when it was not answered.
 */
export class Receipts {
  readonly #deps: StoreAndAsk;
  readonly #owing = new Set<string>();
  readonly #sending = new Set<string>();
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #isOnline = false;

  constructor(deps: StoreAndAsk) {
    this.#deps = deps;
    this.#unsubscribe = deps.store.onChange((state, before) => this.#look(state, before));
  }

  start(): void {
    this.#isOnline = true;
    this.#attempt = 0;
    this.#look(this.#deps.store.getState(), undefined);
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

  /** Finds what is owed in the conversations that differ from `before`. */
  #look(state: ClientState, before: ClientState | undefined): void {
    const { conversations, logs, reads } = state;
    if (conversations === before?.conversations && logs === before.logs && reads === before.reads) return;
    for (const id of Object.keys(conversations)) {
      const conversation = conversations[id];
      if (conversation === undefined) continue;
      const isSame =
        conversation === before?.conversations[id] &&
        logs[id] === before.logs[id] &&
        reads[id] === before.reads[id];
      if (!isSame && owedReceipt(state, conversation) !== undefined) this.#owing.add(id);
    }
    if (this.#owing.size > 0) this.#flushLater(COALESCE_MS);
  }

  #flushLater(afterMs: number): void {
    if (this.#isOnline) this.#timer ??= setTimeout(() => this.#flush(), afterMs);
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#isOnline) return;
    for (const id of this.#owing) {
      if (this.#sending.has(id)) continue;
      this.#owing.delete(id);
      void this.#report(id);
    }
  }

  async #report(conversationId: string): Promise<void> {
    const { store, ask } = this.#deps;
    const state = store.getState();
    const conversation = state.conversations[conversationId];
    const owed = conversation && owedReceipt(state, conversation);
    if (owed === undefined) return;
    this.#sending.add(conversationId);
    const answer = await ask(owed.command, { conversationId, seq: owed.seq });
    this.#sending.delete(conversationId);
    if (answer.success) {
      this.#attempt = 0;
      store.dispatch({ type: 'position', position: answer.data });
      // More may be owed by now; what the answer has settled is not.
      if (this.#owing.has(conversationId)) this.#flushLater(COALESCE_MS);
    } else if (retryRuleOf(answer.code) !== 'never') {
      this.#owing.add(conversationId);
      this.#flushLater(Math.max(answer.retryAfterMs ?? 0, backoffMs(this.#attempt++, RETRY)));
    }
  }
}
