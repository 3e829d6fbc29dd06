import { until } from '../../support/until.js';

/** An answer that a provider's server gives instead of its usual one. */
export interface Scripted {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** Milliseconds before the answer; `Infinity` for none at all. */
  delayMs?: number;
}

/** A notification that was asked for, whatever the answer. */
export interface Received {
  token: string;
  payload: Record<string, unknown>;
  headers: Record<string, string>;
  status: number;
}

/** Notifications that a provider's server has received, and answers that it is to give. */
export class Recorder {
  readonly received: Received[] = [];
  readonly #script = new Map<string, Scripted[]>();

  /** Answers the next requests for a device token in this way, one after the other. */
  answer(token: string, ...answers: Scripted[]): void {
    this.#script.set(token, [...(this.#script.get(token) ?? []), ...answers]);
  }

  next(token: string): Scripted | undefined {
    return this.#script.get(token)?.shift();
  }

  note(received: Received): void {
    this.received.push(received);
  }

  /** Everything that was accepted for a device token. */
  accepted(token: string): Received[] {
    return this.received.filter((one) => one.token === token && one.status < 300);
  }

  /** Resolves when `count` notifications for a device token were accepted. */
  async waitFor(token: string, count = 1): Promise<Received[]> {
    return until(() => (this.accepted(token).length < count ? undefined : this.accepted(token)), {
      what: `${count} notifications for ${token}`,
    });
  }
}
