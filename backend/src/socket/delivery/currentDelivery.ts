import type { Logger } from '../../utils/logger.js';
import type { EncodedPush } from '../encodedPush.js';
import type { DeliveryOptions, LocalDelivery } from './localDelivery.js';

interface CurrentDeliveryDeps {
  delivery: LocalDelivery;
  logger: Logger;
  /** True while this process knows, as of now, which tokens are valid and who has blocked whom. */
  isCurrent: () => boolean;
  /** Asks the database, and silences connections whose tokens are void. @throws while the database is away. */
  makeCurrent: () => Promise<void>;
}

/** Pushes held back while it is not known who may receive them. Live delivery is best effort: the oldest may go. */
const MAX_HELD = 10_000;
const RETRY_MS = 200;

/**
 * Delivers to sockets of this process, in order, and only while it is known who may receive. Users whose tokens were
 * revoked or have expired receive nothing, also from a process that was paused meanwhile: when its knowledge is old,
 * pushes wait until the database has answered.
 */
export class CurrentDelivery {
  readonly #deps: CurrentDeliveryDeps;
  #held: (() => void)[] = [];
  #asking = false;

  constructor(deps: CurrentDeliveryDeps) {
    this.#deps = deps;
  }

  /** Delivers to the sockets of this process that are in one of these rooms. */
  deliver(rooms: readonly string[], push: EncodedPush, options?: DeliveryOptions): void {
    const emit = (): void => this.#deps.delivery.deliver(rooms, push, options);
    if (this.#held.length === 0 && this.#deps.isCurrent()) {
      emit();
      return;
    }
    if (this.#held.length >= MAX_HELD) this.#held.shift();
    this.#held.push(emit);
    if (!this.#asking) void this.#release();
  }

  async #release(): Promise<void> {
    this.#asking = true;
    try {
      await this.#deps.makeCurrent();
      const held = this.#held;
      this.#held = [];
      for (const emit of held) emit();
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'pushes wait for the database');
      setTimeout(() => void this.#release(), RETRY_MS).unref();
      return;
    }
    this.#asking = false;
  }
}
