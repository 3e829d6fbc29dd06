import { LRUCache } from 'lru-cache';
import type { ConversationId } from '../../../../contract/index.js';
import type { WindowCache, WindowCopy } from '../ports.js';

/** Same as in Redis. */
const TTL_MS = 300_000;
/** Maximum size of all windows of a process, in bytes; text and overhead are estimated. */
const MAX_BYTES = 64 * 1024 * 1024;
const BYTES_PER_MESSAGE = 500;

/** Caches windows in the memory of this process. */
export class MemoryWindowCache implements WindowCache {
  readonly #windows = new LRUCache<ConversationId, WindowCopy>({
    maxSize: MAX_BYTES,
    ttl: TTL_MS,
    sizeCalculation: ({ messages }) =>
      messages.reduce((bytes, { content }) => bytes + BYTES_PER_MESSAGE + 2 * content.length, 1),
  });

  read(conversationId: ConversationId): Promise<WindowCopy | undefined> {
    const copy = this.#windows.get(conversationId);
    return Promise.resolve(copy?.messages.length === 0 ? undefined : copy);
  }

  write(conversationId: ConversationId, copy: WindowCopy): void {
    const known = this.#windows.get(conversationId);
    if (known === undefined || known.rev <= copy.rev) this.#windows.set(conversationId, copy);
  }

  remove(conversationId: ConversationId, rev: number): Promise<void> {
    this.write(conversationId, { rev, messages: [] });
    return Promise.resolve();
  }
}

/** Caches nothing, so that every page is read from the database. Baseline for measuring the other caches. */
export class NoWindowCache implements WindowCache {
  read(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  write(): void {
    // Nothing is kept.
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}
