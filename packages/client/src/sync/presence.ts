import { backoffMs } from '../connection/backoff.js';
import { retryRuleOf } from '../errors/parleyError.js';
import { sortedConversations } from '../state/listSelectors.js';
import type { ClientState } from '../state/types.js';
import { MAX_WATCHED_USERS } from '../wire/index.js';
import type { StoreAndAsk } from './deps.js';

/** Users that the app subscribes to together are asked for in one request. */
const DELAY_MS = 200;
/** A server process may take half a second to store that somebody has written, for the others to see. */
const CHANGE_DELAY_MS = 700;
const RETRY = { firstMs: 1_000, maxMs: 15_000 };

/** Watches the presence of users: those that the app asks for, then those at the top of the list. */
export class PresenceWatch {
  readonly #deps: StoreAndAsk;
  /** Users that the app has subscribed to, and how often. */
  readonly #wanted = new Map<string, number>();
  readonly #unsubscribe: () => void;
  /** Users that the server was last asked for, as JSON. */
  #watched = '';
  /**
   * By user with a direct conversation: how often the sender of its last message has changed. A user is seen once both
   * have written, so each change is a reason to ask for an unseen one again. Counted with every message: by the time of
   * the next request both may have written.
   */
  readonly #turns = new Map<string, number>();
  /** Users whose presence the server does not show to this one, with their turns when it was asked. */
  #unseen = new Map<string, number>();
  #isOnline = false;
  /** Stands for the request that is not answered yet. */
  #request: symbol | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: StoreAndAsk) {
    this.#deps = deps;
    this.#unsubscribe = deps.store.onChange((state, before) => {
      if (state.conversations === before.conversations) return;
      this.#countTurns(state, before);
      this.#watchLater(CHANGE_DELAY_MS);
    });
  }

  start(): void {
    this.#isOnline = true;
    this.#request = undefined;
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
    this.#watchLater(DELAY_MS);
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      const left = (this.#wanted.get(userId) ?? 1) - 1;
      if (left > 0) this.#wanted.set(userId, left);
      else this.#wanted.delete(userId);
      this.#watchLater(DELAY_MS);
    };
  }

  #watchLater(afterMs: number): void {
    if (this.#isOnline) this.#timer ??= setTimeout(() => void this.#watch(), afterMs);
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

  #countTurns({ conversations }: ClientState, before: ClientState): void {
    for (const [id, conversation] of Object.entries(conversations)) {
      const earlier = before.conversations[id];
      const { otherUserId, lastMessage } = conversation;
      if (conversation === earlier || otherUserId === '') continue;
      if (lastMessage !== undefined && lastMessage.senderId !== earlier?.lastMessage?.senderId)
        this.#turns.set(otherUserId, this.#turnsOf(otherUserId) + 1);
    }
  }

  #turnsOf(userId: string): number {
    return this.#turns.get(userId) ?? 0;
  }

  async #watch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isOnline || this.#request !== undefined) return;
    const userIds = this.#userIds();
    const isCurrent = [...this.#unseen].every(([userId, turns]) => this.#turnsOf(userId) === turns);
    const wanted = JSON.stringify(userIds);
    if (isCurrent && wanted === this.#watched) return;
    this.#watched = wanted;
    const turns = new Map(userIds.map((userId) => [userId, this.#turnsOf(userId)]));
    const request = Symbol('presence:watch');
    this.#request = request;
    const answer = await this.#deps.ask('presence:watch', { userIds });
    // A connection that has begun since asks for itself.
    if (this.#request !== request) return;
    this.#request = undefined;
    if (answer.success) {
      this.#attempt = 0;
      const { presences } = answer.data;
      for (const { userId } of presences) turns.delete(userId);
      this.#unseen = turns;
      this.#deps.store.dispatch({ type: 'presence', presences });
      this.#watchLater(CHANGE_DELAY_MS);
    } else if (retryRuleOf(answer.code) !== 'never') {
      this.#watched = '';
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#watchLater(Math.max(answer.retryAfterMs ?? 0, backoffMs(this.#attempt++, RETRY)));
    }
  }
}
