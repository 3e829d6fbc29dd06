import { sortedConversations } from '../state/listSelectors.js';
import { MAX_WATCHED_USERS } from '../wire/index.js';
import type { StoreAndAsk } from './deps.js';

const DELAY_MS = 200;

/** Watches the presence of users: those that the app asks for, then those at the top of the list. */
export class PresenceWatch {
  readonly #deps: StoreAndAsk;
  /** Users that the app has subscribed to, and how often. */
  readonly #wanted = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #watched = '';
  /** Users whose presence the server does not show to this one. */
  #unseen = new Set<string>();
  #isOnline = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: StoreAndAsk) {
    this.#deps = deps;
    this.#unsubscribe = deps.store.onChange((state, before) => {
      if (state.conversations !== before.conversations) this.#watchSoon();
    });
  }

  start(): void {
    this.#isOnline = true;
    this.#watched = '';
    this.#unseen.clear();
    void this.#watch();
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

  /** @returns a function that ends it */
  add(userId: string): () => void {
    this.#wanted.set(userId, (this.#wanted.get(userId) ?? 0) + 1);
    this.#watchSoon();
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      const left = (this.#wanted.get(userId) ?? 1) - 1;
      if (left > 0) this.#wanted.set(userId, left);
      else this.#wanted.delete(userId);
      this.#watchSoon();
    };
  }

  #watchSoon(): void {
    if (this.#isOnline) this.#timer ??= setTimeout(() => void this.#watch(), DELAY_MS);
  }

  #userIds(): string[] {
    const { store } = this.#deps;
    const state = store.getState();
    const ids = new Set(this.#wanted.keys());
    for (const { otherUserId } of sortedConversations(state)) {
      if (ids.size >= MAX_WATCHED_USERS) break;
      if (otherUserId !== '') ids.add(otherUserId);
    }
    ids.delete(state.userId);
    return [...ids].slice(0, MAX_WATCHED_USERS).sort();
  }

  /** A user is seen once both have written, so an answer of such a user in the chat is a reason to ask again. */
  #answersOfUnseen(): string[] {
    if (this.#unseen.size === 0) return [];
    const conversations = Object.values(this.#deps.store.getState().conversations);
    return conversations
      .filter(
        ({ otherUserId, lastMessage }) =>
          this.#unseen.has(otherUserId) && lastMessage?.senderId === otherUserId,
      )
      .map(({ otherUserId }) => otherUserId);
  }

  async #watch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isOnline) return;
    const userIds = this.#userIds();
    const wanted = JSON.stringify([userIds, this.#answersOfUnseen()]);
    if (wanted === this.#watched) return;
    this.#watched = wanted;
    const answer = await this.#deps.ask('presence:watch', { userIds });
    if (answer.success) {
      const { presences } = answer.data;
      const seen = new Set(presences.map(({ userId }) => userId));
      this.#unseen = new Set(userIds.filter((userId) => !seen.has(userId)));
      this.#watched = JSON.stringify([userIds, this.#answersOfUnseen()]);
      this.#deps.store.dispatch({ type: 'presence', presences });
    } else if (this.#watched === wanted) this.#watched = '';
  }
}
