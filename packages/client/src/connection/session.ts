import { retryRuleOf } from '../errors/parleyError.js';
import { backoffMs } from './backoff.js';
import { MAX_TIMEOUT_MS } from './elapsed.js';
import type { Failure } from '../wire/index.js';
import type { ClientFailure, LinkAnswer } from './link.js';
import type { Tokens, TokenResult } from './tokens.js';

const RENEWAL_RETRY = { firstMs: 1_000, maxMs: 15_000 };

export interface SessionDeps {
  tokens: Tokens;
  /** Whether this connection is for this user. */
  acceptUser: (userId: string) => boolean;
  onSignedOut: (reason: string) => void;
  /** Gives a new token to the open connection. */
  send: (token: string) => Promise<LinkAnswer<'auth:refresh'>>;
  /** The server has refused a new token, or has not answered: the connection has to be opened again. */
  onRefused: (answer: Failure | ClientFailure) => void;
  /** The session had expired and is renewed: pushes were missed meanwhile. */
  onRenewedAfterExpiry: () => void;
}

/** The token of one connection: had before the handshake, renewed before it expires, and after the server has refused it. */
export class Session {
  readonly #deps: SessionDeps;
  #token: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<boolean> | undefined;
  #isOpen = false;
  #isExpired = false;
  #attempt = 0;
  #freshForMs: () => number = () => Infinity;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** Gets a token for the next handshake. @returns false when it could not be had */
  async prepare(reason: 'connect' | 'refused'): Promise<boolean> {
    return this.#adopt(await this.#deps.tokens.get(reason));
  }

  #adopt(result: TokenResult): boolean {
    if (result === 'failed') return false;
    if (result === 'signedOut') {
      this.#deps.onSignedOut('getToken gave no token.');
      return false;
    }
    const { value, userId, freshForMs } = result.token;
    if (userId !== undefined && !this.#deps.acceptUser(userId)) {
      this.#deps.onSignedOut('The token is for another user.');
      return false;
    }
    this.#token = value;
    this.#freshForMs = freshForMs;
    return true;
  }

  /** The connection is open with the prepared token. */
  begin(): void {
    this.#isOpen = true;
    this.#isExpired = false;
    this.#renewLater(this.#freshForMs());
  }

  /** The connection is closed: the next handshake renews the token when that is necessary. */
  pause(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
  }

  refuse(): void {
    if (this.#token !== undefined) this.#deps.tokens.refuse(this.#token);
  }

  /** The server has ended the session, and delivers nothing until it is renewed. */
  expire(): void {
    this.#isExpired = true;
    this.refuse();
    void this.#renew('expiring');
  }

  /** A command was refused because of the token. @returns whether it can be repeated */
  renewRefused(): Promise<boolean> {
    this.#isExpired = true;
    this.refuse();
    return this.#renew('refused');
  }

  #renewLater(afterMs: number): void {
    clearTimeout(this.#timer);
    if (!Number.isFinite(afterMs)) return;
    const waitMs = Math.min(Math.max(0, afterMs), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      if (waitMs < afterMs) this.#renewLater(afterMs - waitMs);
      else void this.#renew('expiring');
    }, waitMs);
  }

  /** Calls at the same time share one. */
  #renew(reason: 'expiring' | 'refused'): Promise<boolean> {
    this.#renewing ??= this.#renewNow(reason).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** A call, because the answer changes during an `await`. */
  #isConnected(): boolean {
    return this.#isOpen;
  }

  async #renewNow(reason: 'expiring' | 'refused'): Promise<boolean> {
    if (!this.#isConnected()) return false;
    const result = await this.#deps.tokens.renew(reason);
    if (!this.#adopt(result)) {
      if (result === 'failed' && this.#isConnected())
        this.#renewLater(backoffMs(this.#attempt++, RENEWAL_RETRY));
      return false;
    }
    this.#attempt = 0;
    if (!this.#isConnected() || this.#token === undefined) return false;
    const answer = await this.#deps.send(this.#token);
    if (!answer.success) {
      if (retryRuleOf(answer.code) === 'auth') this.refuse();
      this.#deps.onRefused(answer);
      return false;
    }
    this.#renewLater(this.#freshForMs());
    if (this.#isExpired) {
      this.#isExpired = false;
      this.#deps.onRenewedAfterExpiry();
    }
    return true;
  }
}
