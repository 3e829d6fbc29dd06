import type { ReadableStore } from '../observable/readableStore.js';
import type { Message, PendingMessage } from '../state/types.js';
import type { OutboxSnapshot } from './snapshots.js';

/** Returned by `sendMessage` at once. */
export interface SentHandle {
  clientMessageId: string;
  status: 'pending';
  /**
   * Resolves with the stored message; days later, when the device was offline for days. Rejects with `ParleyError` when the
   * server refuses it for good or it is discarded. Need not be awaited: an unobserved rejection is not reported as unhandled.
   */
  stored: Promise<Message>;
  /** Resolves when the message would survive a kill of the app. */
  persisted: Promise<void>;
}

/** The user's messages that the server has not acknowledged. Each is on the device before it is sent. */
export interface OutboxApi {
  readonly store: ReadableStore<OutboxSnapshot>;
  getPending: (conversationId?: string) => readonly PendingMessage[];
  /** Sends a failed message again with the same id; after `CONFLICT` with a new one. Any number of calls store it once. */
  retry: (clientMessageId: string) => void;
  retryAll: () => void;
  /** Removes a message that waits or has failed. A message on its way may be stored all the same. */
  discard: (clientMessageId: string) => void;
}
