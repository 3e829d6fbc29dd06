import type { DeviceInput, MessageId, ConversationId, PushProviderName } from '../../../contract/index.js';

/**
 * A text of a notification. With `key`, the device shows its own text of that name with `args` in it, in the language of
 * its user; `text` is for devices and providers without keys.
 */
export interface PushText {
  text: string;
  key?: string;
  args?: readonly string[];
}

/** A notification of a new message. It replaces an earlier one of the same conversation on the device. */
export interface MessageNotification {
  type: 'message';
  conversationId: ConversationId;
  messageId: MessageId;
  seq: number;
  title: PushText;
  body: PushText | undefined;
  /** Unread messages of the user over all conversations that are not muted. */
  badge: number;
}

/** Removes the notification of a conversation that was read elsewhere. Shows nothing and makes no sound. */
export interface ClearNotification {
  type: 'clear';
  conversationId: ConversationId;
  /** Notifications of messages up to this one are to be removed. */
  seq: number;
  badge: number;
}

export type PushNotification = MessageNotification | ClearNotification;

/** A notification for one device. */
export interface PushItem {
  /** Device token. */
  token: string;
  platform: DeviceInput['platform'];
  locale: string | undefined;
  notification: PushNotification;
  /** Time for which the provider keeps it for a device that is off, in ms. */
  ttlMs: number;
}

/**
 * Result of sending one notification.
 *
 * `sent`: the provider has accepted it. `invalidToken`: this token will never be valid again. `retryAfter`: the provider
 * is not able to take it now; `retryAfterMs` is its own wish, if it named one. `failed`: it never will take it;
 * `isRefused` when it does not accept the credentials of this server.
 */
export type PushOutcome =
  | { outcome: 'sent' }
  | { outcome: 'invalidToken' }
  | { outcome: 'retryAfter'; retryAfterMs?: number; reason: string }
  | { outcome: 'failed'; reason: string; isRefused: boolean };

/** Port of a service that delivers notifications to devices. Adapters: `backend/src/push/`. */
export interface PushProvider {
  readonly name: PushProviderName;
  /** Items of one call of `send`. */
  readonly maxBatch: number;
  /** Key for subscriptions of pages, of web push only. */
  readonly publicKey?: string;
  /** False for a token that this provider cannot have given out. */
  acceptsToken(token: string): boolean;
  /**
   * Sends notifications, each independent of the others. Takes a bounded time.
   *
   * Returns the outcomes in the order of the items. Never throws.
   */
  send(items: readonly PushItem[]): Promise<PushOutcome[]>;
  /** Returns tokens of which the provider has said later that they are invalid, since the last call. */
  findInvalidTokens?(): Promise<string[]>;
  close(): Promise<void>;
}
