import type {
  ChangePage,
  ChangeView,
  ConversationPage,
  ConversationView,
  CountsView,
  EntryView,
  MessagePage,
  PositionView,
  PresenceView,
  SettingsView,
  SyncPage,
  UserView,
} from '../wire/index.js';
import type { ClientState, ConnectionState, LogEntry, PendingMessage } from './types.js';

/** Parts of the state that survive a restart. */
export type StoredState = Pick<
  ClientState,
  'conversations' | 'reads' | 'listCursor' | 'isListComplete' | 'unreadElsewhere' | 'cursor' | 'epoch'
>;

/** Positions without the fields that the reducer does not read. */
export type PositionChange = Pick<
  PositionView,
  'conversationId' | 'userId' | 'deliveredSeq' | 'readSeq' | 'unreadCount'
>;

export type Action =
  /** Another user: everything goes. */
  | { type: 'userChanged'; userId: string }
  | { type: 'restored'; stored: StoredState }
  | { type: 'logRestored'; conversationId: string; entries: readonly LogEntry[]; seenRev: number }
  /** Everything that came from the server goes; unsent messages stay. */
  | { type: 'cacheDropped' }
  | { type: 'conversations'; conversations: readonly ConversationView[] }
  | { type: 'listed'; page: ConversationPage; isFirst: boolean }
  /** A page of a filtered list. */
  | { type: 'filterListed'; filter: string; page: ConversationPage }
  | { type: 'synced'; page: SyncPage }
  | { type: 'removed'; conversationId: string }
  | { type: 'message'; message: EntryView }
  | {
      type: 'page';
      conversationId: string;
      page: MessagePage;
      /** `seenRev` at the time of the request: the page may lack changes made since. */
      seenRev: number | undefined;
    }
  | { type: 'aside'; message: EntryView }
  | { type: 'change'; change: ChangeView; isAnswer?: boolean | undefined }
  | { type: 'changes'; conversationId: string; afterRev: number; page: ChangePage }
  | { type: 'counts'; counts: CountsView }
  | { type: 'logDropped'; conversationId: string }
  | { type: 'position'; position: PositionChange }
  | { type: 'settings'; settings: SettingsView }
  /** Deleted for this user only. */
  | { type: 'hidden'; conversationId: string; seq: number }
  | { type: 'users'; users: readonly UserView[] }
  | { type: 'head'; conversationId: string; lastSeq: number; rev?: number | undefined }
  | { type: 'opened'; conversationId: string }
  | { type: 'closed'; conversationId: string }
  | { type: 'seen'; conversationId: string; seq: number }
  | { type: 'loading'; conversationId: string; state: 'loading' | 'failed' | 'idle' }
  | { type: 'queued'; entries: readonly PendingMessage[] }
  | { type: 'failed'; clientMessageId: string; code: string }
  | { type: 'unqueued'; clientMessageIds: readonly string[] }
  | { type: 'typing'; conversationId: string; userId: string; typing: boolean }
  | { type: 'presence'; presences: readonly PresenceView[] }
  | { type: 'clock'; offsetMs: number }
  /** Time has passed: what depends on it is judged again. */
  | { type: 'muteEnded' }
  | { type: 'connection'; connection: ConnectionState };
