import type { ConnectionState, Message, PendingMessage } from '../state/types.js';
import type { ParleyError } from './error.js';

/**
 * Evidence that the server broke a promise of `docs/promises.md`. The SDK checks them as it goes: `seqChanged` (one `seq`, two
 * messages), `seqGap` (a page without a `seq` that it covers), `revGap`, `positionBack` (a position moved back by the server's
 * own account), `acknowledgedLost` (an acknowledged message is not in the history), `duplicate` (one `clientMessageId` under two `seq`).
 */
export interface Violation {
  kind: 'seqChanged' | 'seqGap' | 'revGap' | 'positionBack' | 'acknowledgedLost' | 'duplicate';
  conversationId: string;
  /** Earlier knowledge and the server's newer statement: ids, `seq`, `rev` and positions, never text. */
  evidence: Record<string, unknown>;
}

export interface ParleyEvents {
  connectionStateChanged: ConnectionState;
  /** A message of another user came in for the first time, live or by `sync`. For sounds and in-app notices. */
  messageReceived: Message;
  /** An own message was stored by the server. */
  messageSent: { pending: PendingMessage; message: Message };
  /** An own message was refused for good; `outbox.retry` or `outbox.discard` decide. */
  messageFailed: { pending: PendingMessage; error: ParleyError };
  /** The user was removed from a conversation, or left it on another device. */
  conversationRemoved: {
    conversationId: string;
    name: string | undefined;
    /** `unknown`: it happened while this client was offline. */
    reason: 'left' | 'removed' | 'closed' | 'merged' | 'unknown';
  };
  /** The server's data is older than this device's (a restored backup), or cannot be continued: the cache was dropped. */
  cacheReset: { reason: 'epoch' | 'reload' };
  violation: Violation;
  /** The storage failed; messages are kept in memory until it works again. */
  storageError: { operation: 'open' | 'read' | 'write'; cause: unknown };
}
