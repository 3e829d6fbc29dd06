import type { Link } from '../connection/link.js';
import { startTimer } from '../connection/elapsed.js';
import type { Store } from '../observable/store.js';
import type { TypingView } from '../wire/index.js';

const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

interface OwnTyping {
  sinceNoticeMs: () => number;
  idleTimer: ReturnType<typeof setTimeout>;
}

/**
 * Typing notices. Own ones are sent every few seconds while the user types, and once when they stop. Those of others end by
 * themselves, because the last one may be lost.
 */
export class Typing {
  readonly #store: Store;
  readonly #tell: Link['tell'];
  readonly #own = new Map<string, OwnTyping>();
  readonly #ending = new Map<string, ReturnType<typeof setTimeout>>();

  constructor({ store, tell }: { store: Store; tell: Link['tell'] }) {
    this.#store = store;
    this.#tell = tell;
  }

  /** The user has typed in this conversation. */
  typed(conversationId: string): void {
    const known = this.#own.get(conversationId);
    clearTimeout(known?.idleTimer);
    const isDue = known === undefined || known.sinceNoticeMs() >= REPEAT_MS;
    this.#own.set(conversationId, {
      sinceNoticeMs: isDue ? startTimer() : known.sinceNoticeMs,
      idleTimer: setTimeout(() => this.stopped(conversationId), IDLE_MS),
    });
    if (isDue) this.#tell('typing', { conversationId, typing: true });
  }

  /** The user has stopped typing or has sent the message. */
  stopped(conversationId: string): void {
    const known = this.#own.get(conversationId);
    if (known === undefined) return;
    clearTimeout(known.idleTimer);
    this.#own.delete(conversationId);
    this.#tell('typing', { conversationId, typing: false });
  }

  /** Another user types, or has stopped. */
  heard({ conversationId, userId, typing, expiresInMs }: TypingView): void {
    const key = `${conversationId}/${userId}`;
    clearTimeout(this.#ending.get(key));
    this.#ending.delete(key);
    this.#store.dispatch({ type: 'typing', conversationId, userId, typing });
    if (!typing) return;
    const timer = setTimeout(() => {
      this.#ending.delete(key);
      this.#store.dispatch({ type: 'typing', conversationId, userId, typing: false });
    }, expiresInMs);
    this.#ending.set(key, timer);
  }

  /** Ends all timers. */
  dispose(): void {
    for (const timer of this.#ending.values()) clearTimeout(timer);
    for (const { idleTimer } of this.#own.values()) clearTimeout(idleTimer);
    this.#ending.clear();
    this.#own.clear();
  }
}
