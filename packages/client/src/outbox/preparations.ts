import { ParleyError, retryRuleOf } from '../errors/parleyError.js';
import type { CarriedContent, PendingMessage } from '../state/types.js';

/**
 * Does the work that an entry's `preparation` describes (an upload), and resolves with what the message carries then. Called
 * once per connection until it resolves. A rejection with a `ParleyError` that no repetition can mend fails the message.
 */
export type Prepare = (entry: PendingMessage) => Promise<CarriedContent>;

export interface PreparationsDeps {
  prepare: Prepare | undefined;
  onPrepared: (entry: PendingMessage, carried: CarriedContent) => void;
  onFailed: (entry: PendingMessage, error: ParleyError) => void;
}

/** Stands in where the client has no uploads: nothing will ever prepare the message. */
const refuse: Prepare = () =>
  Promise.reject(new ParleyError('FILE_GONE', 'The client has no option uploads.'));

/** Prepares messages that cannot be sent as they are. Messages behind them do not wait. */
export class Preparations {
  readonly #deps: PreparationsDeps;
  readonly #running = new Set<string>();
  /** Prepared in vain on this connection. */
  readonly #tried = new Set<string>();
  #generation = 0;

  constructor(deps: PreparationsDeps) {
    this.#deps = deps;
  }

  /** Another user: what is being prepared for the former one has no effect. */
  clear(): void {
    this.#generation += 1;
    this.#running.clear();
    this.#tried.clear();
  }

  /** A new connection is a new chance. */
  retryAll(): void {
    this.#tried.clear();
  }

  begin(entry: PendingMessage): void {
    const { prepare = refuse } = this.#deps;
    const { clientMessageId } = entry;
    if (this.#running.has(clientMessageId) || this.#tried.has(clientMessageId)) return;
    this.#running.add(clientMessageId);
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    prepare(entry)
      .finally(() => {
        // Before the result is taken: a retry of a failed message begins anew.
        if (isCurrent()) this.#running.delete(clientMessageId);
      })
      .then(
        (carried) => {
          if (isCurrent()) this.#deps.onPrepared(entry, carried);
        },
        (error: unknown) => {
          if (!isCurrent()) return;
          if (error instanceof ParleyError && retryRuleOf(error.code) === 'never') {
            this.#deps.onFailed(entry, error);
          } else this.#tried.add(clientMessageId);
        },
      );
  }
}
