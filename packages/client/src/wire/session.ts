import type { ConversationView } from './conversations.js';
import type { SettingsView } from './receipts.js';

/** Reason for the end of a connection, and whether and when to reconnect. */
export interface Goodbye {
  code: 'TOKEN_EXPIRED' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'UNAVAILABLE' | 'TOO_MANY_SOCKETS' | 'FLOODING';
  reason: string;
  reconnect: boolean;
  /** Milliseconds to wait before reconnecting. Differs between clients, so that they do not all reconnect at once. */
  afterMs?: number | undefined;
}

export interface SyncPage {
  /** Conversations that changed since the cursor, oldest change first. Some may repeat those of the last call. */
  conversations: ConversationView[];
  /** Positions and settings of the caller that changed since the cursor, also on other devices. */
  settings: SettingsView[];
  /** Ids of conversations that the caller is no longer in. */
  removed: string[];
  cursor: string;
  hasMore: boolean;
  /** Identifies this database's history. When it differs from the last one, discard everything except unsent messages. */
  epoch: string;
  reload?: boolean | undefined;
  totalUnread: number;
  mutedUnread: number;
}

/** `expiresAt` is a time of the server. */
export interface SessionView {
  userId: string;
  expiresAt: string;
}

export interface SessionCommands {
  sync: { payload: { cursor?: string | undefined }; data: SyncPage };
  'auth:refresh': { payload: { token: string }; data: SessionView };
}
