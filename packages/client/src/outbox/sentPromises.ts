import type { ParleyError } from '../errors/parleyError.js';
import type { Message } from '../state/types.js';

interface Deferred {
  promise: Promise<Message>;
  resolve: (message: Message) => void;
  reject: (error: ParleyError) => void;
}

/** The promises of messages that were sent in this process, by `clientMessageId`. */
export class SentPromises {
  readonly #waiting = new Map<string, Deferred>();

  /** Returns the promise of a stored message. Its rejection need not be handled. */
  create(clientMessageId: string): Promise<Message> {
    let resolve: Deferred['resolve'] = () => undefined;
    let reject: Deferred['reject'] = () => undefined;
    const promise = new Promise<Message>((onStored, onFailed) => {
      resolve = onStored;
      reject = onFailed;
    });
    promise.catch(() => undefined);
    this.#waiting.set(clientMessageId, { promise, resolve, reject });
    return promise;
  }

  resolve(clientMessageId: string, message: Message): void {
    this.#waiting.get(clientMessageId)?.resolve(message);
    this.#waiting.delete(clientMessageId);
  }

  reject(clientMessageId: string, error: ParleyError): void {
    this.#waiting.get(clientMessageId)?.reject(error);
    this.#waiting.delete(clientMessageId);
  }

  /** Rejects all: no result will come in this process. */
  rejectAll(error: ParleyError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
