import type { IncomingMessage } from 'node:http';
import type { UserId } from '../../../../contract/index.js';
import { unavailable } from '../../utils/appError.js';

/** Uploads that are received at the same time. Each holds two file descriptors and little memory. */
const MAX_UPLOADS = 256;
/** Uploads of one user among them: clients send a few parts of a few files at a time. */
const MAX_PER_USER = 32;
/** An upload that makes less progress in one of these windows is ended. */
const WINDOW_MS = 60_000;
const MIN_BYTES_PER_WINDOW = 60_000;

/**
 * Limits the uploads that are received at the same time, so that nobody can keep the others from uploading by many slow
 * requests. A user's newest request ends their oldest when there are too many: a phone that has lost its connection sends
 * again long before the server notices.
 */
export class UploadSlots {
  readonly #byUser = new Map<UserId, Set<IncomingMessage>>();
  #count = 0;

  /**
   * Takes a slot for an upload, until `release` is called.
   *
   * @throws AppError `UNAVAILABLE` when all are taken.
   */
  take(userId: UserId, request: IncomingMessage): { release: () => void } {
    const running = this.#byUser.get(userId) ?? new Set();
    if (running.size >= MAX_PER_USER) {
      const [oldest] = running;
      if (oldest !== undefined) this.#end(userId, oldest);
    }
    if (this.#count >= MAX_UPLOADS) throw unavailable('Too many files are being uploaded.');
    this.#byUser.set(userId, running.add(request));
    this.#count += 1;
    const timer = setInterval(endWhenSlow(request), WINDOW_MS).unref();
    return {
      release: () => {
        clearInterval(timer);
        this.#free(userId, request);
      },
    };
  }

  #end(userId: UserId, request: IncomingMessage): void {
    this.#free(userId, request);
    request.destroy();
  }

  #free(userId: UserId, request: IncomingMessage): void {
    const running = this.#byUser.get(userId);
    if (running?.delete(request) !== true) return;
    this.#count -= 1;
    if (running.size === 0) this.#byUser.delete(userId);
  }
}

function endWhenSlow(request: IncomingMessage): () => void {
  let before = request.socket.bytesRead;
  return () => {
    const { bytesRead } = request.socket;
    // All bytes are here: the disk may take its time.
    if (request.complete) return;
    if (bytesRead - before < MIN_BYTES_PER_WINDOW) request.destroy();
    before = bytesRead;
  };
}
