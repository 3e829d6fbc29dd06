import { backoffMs } from '../connection/backoff.js';
import type { Ask, ClientFailure, Link, TabChannel, TabMessage } from '../connection/link.js';
import { tokenTrouble } from '../connection/trouble.js';
import type { ConnectionState } from '../state/types.js';
import type { CommandPayload } from '../wire/index.js';
import type { TabLinkDeps } from './deps.js';
import { Group } from './group.js';

const TOKEN_RETRY = { firstMs: 400, maxMs: 8_000 };
/** A leader whose connection has ended for good keeps the lock for this long: the others should end, too, and not try again. */
const LINGER_MS = 1_000;
const OFFLINE: ClientFailure = { success: false, code: 'OFFLINE', error: 'There is no connection.' };

/**
 * A link for one of several tabs. Exactly one tab of a user and server holds a socket: the leader, elected by a Web Lock; the
 * others run their commands through it. When the leader is closed, the lock passes on at once; when it is frozen, another tab
 * takes the lock after some seconds. Commands on their way then end with `TIMEOUT`, and each tab synchronises again.
 */
export function createTabLink(deps: TabLinkDeps): Link {
  return new TabLink(deps);
}

class TabLink implements Link {
  readonly #deps: TabLinkDeps;
  readonly #tab: string;
  readonly #listeners = new Set<(message: TabMessage) => void>();
  #group: Group | undefined;
  #hasStarted = false;
  #hasEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(deps: TabLinkDeps) {
    this.#deps = deps;
    this.#tab = deps.newId();
  }

  start(): void {
    if (this.#hasStarted || this.#hasEnded) return;
    this.#hasStarted = true;
    this.#deps.events.onState({ status: 'connecting' });
    const { userId } = this.#deps;
    if (userId === undefined) void this.#learnUser();
    else this.#enter(userId);
  }

  /** Tabs of different users must not share a connection: without a name, the token decides which group this tab is in. */
  async #learnUser(): Promise<void> {
    const result = await this.#deps.tokens.get('connect');
    if (this.#hasEnded) return;
    if (result === 'signedOut') {
      this.#end({ code: 'SIGNED_OUT', reason: 'getToken gave no token.' });
      return;
    }
    if (result === 'failed') {
      this.#learnUserLater();
      return;
    }
    const { userId } = result.token;
    if (userId === undefined) {
      this.#end({ code: 'UNAUTHENTICATED', reason: 'The token names no user.' });
      return;
    }
    if (this.#deps.events.onUser(userId)) this.#enter(userId);
    else this.#end({ code: 'SIGNED_OUT', reason: 'The token is for another user.' });
  }

  #learnUserLater(): void {
    this.#deps.events.onState({ status: 'reconnecting', ...tokenTrouble(this.#deps.tokens) });
    this.#timer = setTimeout(() => void this.#learnUser(), backoffMs(this.#attempt, TOKEN_RETRY));
    this.#attempt += 1;
  }

  #enter(userId: string): void {
    this.#group = new Group({
      ...this.#deps,
      userId,
      tab: this.#tab,
      onMessage: (message) => {
        for (const listener of this.#listeners) listener(message);
      },
      onOtherUser: (other) => {
        this.#group?.leave();
        this.#enter(other);
      },
      onEnded: () => {
        this.#hasEnded = true;
        this.#group?.leave(LINGER_MS);
      },
    });
    this.#group.join();
  }

  #end(state: Omit<ConnectionState, 'status'>): void {
    this.#hasEnded = true;
    this.#deps.logger.warn('the connection has ended', { ...state });
    this.#deps.events.onState({ status: 'ended', ...state });
  }

  stop(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#group?.leave();
    this.#group = undefined;
  }

  readonly ask: Ask = (name, payload, options) =>
    this.#group?.ask(name, payload, options) ?? Promise.resolve(OFFLINE);

  tell(_name: 'typing', payload: CommandPayload<'typing'>): void {
    this.#group?.tell(payload);
  }

  hurry(): void {
    this.#group?.urge('hurry');
  }

  restart(): void {
    this.#group?.urge('restart');
  }

  settle(): void {
    this.#attempt = 0;
    this.#group?.settle();
  }

  readonly tabs: TabChannel = {
    post: (message) => this.#group?.tellTabs(message),
    onMessage: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };
}
