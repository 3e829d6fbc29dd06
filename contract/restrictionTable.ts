import type { ActionType } from './content.js';
import type { ChangeKind } from './views.js';
import type { CommandName } from './events.js';

/**
 * Consequences of the actions of a restricted user. There is one table per kind of entry. A new command,
 * membership event or change without a row is a compile error. The documentation page, the `Restrictions` class
 * and the tests use these tables.
 */
export const CONSEQUENCES = {
  alone: 'answered as usual and visible to the restricted user alone',
  nobody: 'answered as usual but not delivered to anyone',
  own: "reads, or changes the caller's own list and settings, as usual",
  moderators: 'goes to the moderators, as usual',
  shown: 'takes effect for all members, as usual: it protects its author and carries no text',
  BLOCKED: 'refused as if the other user had blocked them',
  NOT_PARTICIPANT: 'refused as if the conversation were not open',
} as const;
export type Consequence = keyof typeof CONSEQUENCES;

/** Consequences by type of membership event. */
export const RESTRICTED_ACTIONS = {
  created: 'alone',
  added: 'alone',
  removed: 'alone',
  role: 'alone',
  renamed: 'alone',
  avatar: 'alone',
  settings: 'alone',
  joined: 'NOT_PARTICIPANT',
  left: 'shown',
  blocked: 'shown',
  unblocked: 'shown',
  unmatched: 'shown',
  reopened: 'BLOCKED',
  sealed: 'shown',
} as const satisfies Record<ActionType, Consequence>;

/** Consequences by kind of change. Deleting the author's own message takes effect for everyone. */
export const RESTRICTED_CHANGES: Record<ChangeKind, Consequence> = {
  edit: 'alone',
  reaction: 'alone',
  pin: 'alone',
  delete: 'alone',
};

export interface RestrictedRow {
  consequence: Consequence;
  /** Details that the consequence does not state. */
  note?: string;
}

/** Consequences by command. */
export const RESTRICTED_COMMANDS = {
  sendMessage: {
    consequence: 'alone',
    note: 'Text, attachments, location, card, reply. It stays visible to them alone after the restriction.',
  },
  editMessage: { consequence: 'alone', note: 'Also a message from before the restriction.' },
  react: { consequence: 'alone' },
  pinMessage: { consequence: 'alone' },
  deleteMessage: {
    consequence: 'shown',
    note: 'Own messages. A message of another member, deleted as an admin, is deleted for themselves alone.',
  },
  getOrCreateDirect: {
    consequence: 'alone',
    note: 'A new conversation is on no other list until the other user opens it. An occasion is visible to its author. A conversation that they closed stays closed (`BLOCKED`).',
  },
  createGroup: { consequence: 'alone', note: 'It has no other members, whichever users are named.' },
  addMembers: { consequence: 'alone', note: 'No user is added.' },
  removeMember: { consequence: 'alone', note: 'No user is removed.' },
  setRole: { consequence: 'alone' },
  updateConversation: { consequence: 'alone' },
  joinConversation: { consequence: 'NOT_PARTICIPANT' },
  leaveConversation: { consequence: 'shown' },
  typing: { consequence: 'nobody' },
  'message:delivered': { consequence: 'nobody' },
  'message:read': { consequence: 'nobody' },
  blockUser: { consequence: 'shown' },
  unmatch: { consequence: 'shown' },
  report: { consequence: 'moderators' },
  getReports: { consequence: 'own' },
  resolveReport: { consequence: 'own' },
  getAudit: { consequence: 'own' },
  restrictUser: { consequence: 'own' },
  updatePrivacy: { consequence: 'own' },
  getPrivacy: { consequence: 'own' },
  getBlocked: { consequence: 'own' },
  updateSettings: { consequence: 'own' },
  clearHistory: { consequence: 'own' },
  deleteConversation: { consequence: 'own' },
  watchConversation: { consequence: 'own' },
  getConversations: { consequence: 'own' },
  getConversation: { consequence: 'own' },
  getMessages: { consequence: 'own' },
  getMembers: { consequence: 'own' },
  getChanges: { consequence: 'own' },
  getEdits: { consequence: 'own' },
  getReactions: { consequence: 'own' },
  getReceipts: { consequence: 'own' },
  searchMessages: { consequence: 'own' },
  createAttachment: { consequence: 'own' },
  getUpload: { consequence: 'own' },
  completeAttachment: { consequence: 'own' },
  getAttachment: { consequence: 'own' },
  cancelAttachment: { consequence: 'own' },
  registerDevice: { consequence: 'own' },
  unregisterDevice: { consequence: 'own' },
  setForeground: { consequence: 'own' },
  getNotifications: { consequence: 'own' },
  updateNotifications: { consequence: 'own' },
  sync: { consequence: 'own' },
  'presence:watch': { consequence: 'own' },
  'auth:refresh': { consequence: 'own' },
} as const satisfies Record<CommandName, RestrictedRow>;

/** Commands whose effects other users see, unless the caller is restricted. */
export const RESTRICTED_COMMAND_NAMES = (Object.keys(RESTRICTED_COMMANDS) as CommandName[]).filter(
  (name) => RESTRICTED_COMMANDS[name].consequence !== 'own',
);
