import { withDeadline } from './deadline.js';

/** Requests over a channel of messages that wait for their answers. A request and its answer carry the same number. */
export class PendingAnswers<Answer> {
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /**
   * Sends a request and resolves with its answer.
   *
   * @param send sends the request with its number. Its errors are thrown.
   * @throws the error of `onTimeout` when there is no answer after `timeoutMs`.
   */
  async request(
    send: (ask: number) => void,
    { timeoutMs, onTimeout }: { timeoutMs: number; onTimeout: () => Error },
  ): Promise<Answer> {
    const ask = (this.#last += 1);
    try {
      const answer = new Promise<Answer>((resolve) => this.#pending.set(ask, resolve));
      send(ask);
      return await withDeadline(answer, timeoutMs, onTimeout);
    } finally {
      this.#pending.delete(ask);
    }
  }

  /** Resolves the request with this number; without effect after its timeout. */
  settle(ask: number, answer: Answer): void {
    this.#pending.get(ask)?.(answer);
  }
}
