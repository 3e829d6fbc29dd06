import { makeToken } from '../../support/tokens.js';

const DAY_S = 86_400;

/** The clock of a device, which may be wrong, and what the device makes with it. */
export class OwnClock {
  #named = 0;

  constructor(readonly parts: { user: string; client: string; clockOffByMs: number }) {}

  nowMs(): number {
    return Date.now() + this.parts.clockOffByMs;
  }

  /**
   * Returns a token issued with this device's clock, as far as the server accepts it: `exp` is right, `iat` not ahead.
   */
  token(): string {
    const iat = Math.floor(Math.min(this.nowMs(), Date.now()) / 1_000);
    return makeToken(this.parts.user, { iat, exp: Math.floor(Date.now() / 1_000) + DAY_S });
  }

  /** Returns an id for a message that contains the time by this device's clock. */
  newClientMessageId(): string {
    this.#named += 1;
    return `${this.parts.client.replace('/', '.')}-${this.nowMs().toString(36)}-${this.#named}`;
  }

  /** Returns the text of a message that says no more than its id and when it was written. */
  text(clientMessageId: string): string {
    return `${clientMessageId} at ${new Date(this.nowMs()).toISOString()}`;
  }
}
