import { setTimeout as wait } from 'node:timers/promises';
import { ERRORS, type Answer, type SentMessageView } from '../../../contract/index.js';

export interface Outgoing {
  conversationId: string;
  clientMessageId: string;
  content: string;
  /** True to drop the connection directly after the first attempt, so that no answer arrives. */
  hangUp?: boolean;
}

export interface OutboxParts {
  isUp: () => boolean;
  isStopped: () => boolean;
  send: (message: Outgoing, attempt: number) => Promise<Answer<SentMessageView> | undefined>;
  acked: (view: SentMessageView) => void;
  refused: (message: Outgoing, code: string) => void;
}

const RETRY_MS = 150;

/**
 * Messages that wait for an acknowledgement: in order, each retried with its id until it is acknowledged or finally
 * refused.
 */
export class Outbox {
  readonly #waiting: Outgoing[] = [];
  #isSending = false;

  constructor(readonly parts: OutboxParts) {}

  get length(): number {
    return this.#waiting.length;
  }

  add(message: Outgoing): void {
    this.#waiting.push(message);
    if (!this.#isSending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    for (let message = this.#waiting[0]; message !== undefined; message = this.#waiting[0]) {
      if (!(await this.#deliver(message))) break;
      this.#waiting.shift();
    }
    this.#isSending = false;
  }

  /** Returns false when the run ends before the message is settled. */
  async #deliver(message: Outgoing): Promise<boolean> {
    for (let attempt = 1; !this.parts.isStopped();) {
      if (!this.parts.isUp()) {
        await wait(RETRY_MS / 3);
        continue;
      }
      const answer = await this.parts.send(message, attempt);
      attempt += 1;
      if (answer?.success === true) {
        this.parts.acked(answer.data);
        return true;
      }
      if (answer !== undefined && !mayRetry(answer.code)) {
        this.parts.refused(message, answer.code);
        return true;
      }
      await wait((answer?.retryAfterMs ?? RETRY_MS) * (0.75 + Math.random() / 2));
    }
    return false;
  }
}

/** Returns whether the table of errors allows a retry. */
export const mayRetry = (code: keyof typeof ERRORS): boolean =>
  ERRORS[code].retry === 'same' || ERRORS[code].retry === 'later';
