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

/** Prepares messages that cannot be sent as they are. Messages behind them do not wait. */
export class Preparations {
  readonly #deps: PreparationsDeps;
  readonly #running = new Set<string>();
  /** Prepared in vain on this connection. */
  readonly #tried = new Set<string>();

  constructor(deps: PreparationsDeps) {
    this.#deps = deps;
  }

  /** A new connection is a new chance. */
  retryAll(): void {
    this.#tried.clear();
  }

  begin(entry: PendingMessage): void {
    const { prepare } = this.#deps;
    const { clientMessageId } = entry;
    if (prepare === undefined || this.#running.has(clientMessageId) || this.#tried.has(clientMessageId))
      return;
    this.#running.add(clientMessageId);
    prepare(entry)
      .then(
        (carried) => this.#deps.onPrepared(entry, carried),
        (error: unknown) => {
          if (error instanceof ParleyError && retryRuleOf(error.code) === 'never') {
            this.#deps.onFailed(entry, error);
          } else this.#tried.add(clientMessageId);
        },
      )
      .finally(() => this.#running.delete(clientMessageId));
  }
}
