import { setTimeout as wait } from 'node:timers/promises';
import { ERRORS, type Answer, type SentMessageView } from '../../../contract/index.js';

export interface Outgoing {
  conversationId: string;
  clientMessageId: string;
  content: string;
  /** Hangs up straight after sending it for the first time: sent, and no answer comes. */
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

/** Messages that wait to be acknowledged: in order, each again under the same id until it is, or is refused for good. */
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

  /** False when the run is over before it is settled. */
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

/** As the table of errors says. */
export const mayRetry = (code: keyof typeof ERRORS): boolean =>
  ERRORS[code].retry === 'same' || ERRORS[code].retry === 'later';
