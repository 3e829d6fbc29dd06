import type { ChangeView, ShownChangeView } from './changes.js';
import type { ConversationView, HeadView, OneConversation } from './conversations.js';
import type { EntryView } from './messages.js';
import type { CountsView, PositionView, SettingsView } from './receipts.js';
import type { Goodbye } from './session.js';
import type { PresenceView, TypingView } from './users.js';

export interface ConversationUpdate {
  conversation?: ConversationView | undefined;
  head: HeadView;
  /** True when more than the head changed (name, roles, members): load it with `getConversation`. */
  stale?: boolean | undefined;
}

export interface ConversationRemoval {
  conversationId: string;
  reason: 'left' | 'removed' | 'closed' | 'merged';
  /** `seq` of the entry that ended it. Ignore the event when a later entry is held: the user was added again since. */
  seq?: number | undefined;
}

/** All events that the server pushes, each as `{success: true, data}`. */
export interface PushMap {
  /** May arrive twice: ignore a `seq` that is held. */
  'message:new': EntryView;
  'message:updated': ChangeView;
  'message:deleted': ShownChangeView;
  'message:reaction': ShownChangeView;
  'message:status': PositionView;
  'message:counts': CountsView;
  'conversation:created': OneConversation;
  'conversation:updated': ConversationUpdate;
  'conversation:settings': SettingsView;
  'conversation:removed': ConversationRemoval;
  typing: TypingView;
  presence: PresenceView;
  'auth:expired': Goodbye;
  /** Live events between servers may have been lost: call `sync` at a random moment within `withinMs`. */
  'sync:advised': { withinMs: number };
  'server:draining': Goodbye;
  'connection:ended': Goodbye;
}

export type PushName = keyof PushMap;
export type PushData<Name extends PushName> = PushMap[Name];

/** Names of all pushes, as a table that TypeScript checks for completeness. */
const NAMES: Record<PushName, true> = {
  'message:new': true,
  'message:updated': true,
  'message:deleted': true,
  'message:reaction': true,
  'message:status': true,
  'message:counts': true,
  'conversation:created': true,
  'conversation:updated': true,
  'conversation:settings': true,
  'conversation:removed': true,
  typing: true,
  presence: true,
  'auth:expired': true,
  'sync:advised': true,
  'server:draining': true,
  'connection:ended': true,
};

export const isPushName = (name: string): name is PushName => Object.hasOwn(NAMES, name);
