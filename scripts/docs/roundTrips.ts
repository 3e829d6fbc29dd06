import { COMMAND_NAMES, type CommandName } from '../../contract/index.js';
import { code, head, NOTE, row } from './markdown.js';

/** Commands that one operation sends to the database. */
interface DatabaseCommands {
  reads: number;
  /** Includes those written behind the answer. */
  writes: number;
}

/**
 * Every command with its cost at most, for one client on an idle server whose chat has two members and two messages. A test
 * counts them, so that a further query is a decision.
 */
export const ROUND_TRIPS: Readonly<Record<CommandName, DatabaseCommands>> = {
  getOrCreateDirect: { reads: 6, writes: 2 },
  getConversations: { reads: 8, writes: 0 },
  getConversation: { reads: 3, writes: 0 },
  sendMessage: { reads: 0, writes: 2 },
  getMessages: { reads: 4, writes: 0 },
  'message:delivered': { reads: 3, writes: 1 },
  'message:read': { reads: 3, writes: 1 },
  typing: { reads: 1, writes: 0 },
  sync: { reads: 8, writes: 0 },
  'presence:watch': { reads: 2, writes: 0 },
  'auth:refresh': { reads: 0, writes: 0 },
  createGroup: { reads: 11, writes: 5 },
  getMembers: { reads: 2, writes: 0 },
  addMembers: { reads: 13, writes: 4 },
  removeMember: { reads: 3, writes: 4 },
  joinConversation: { reads: 7, writes: 0 },
  leaveConversation: { reads: 1, writes: 4 },
  setRole: { reads: 3, writes: 4 },
  updateConversation: { reads: 3, writes: 9 },
  watchConversation: { reads: 3, writes: 0 },
  editMessage: { reads: 6, writes: 3 },
  deleteMessage: { reads: 8, writes: 6 },
  react: { reads: 6, writes: 4 },
  pinMessage: { reads: 6, writes: 2 },
  getChanges: { reads: 4, writes: 0 },
  getEdits: { reads: 4, writes: 0 },
  getReactions: { reads: 4, writes: 0 },
  getReceipts: { reads: 6, writes: 0 },
  updateSettings: { reads: 6, writes: 1 },
  clearHistory: { reads: 6, writes: 3 },
  deleteConversation: { reads: 6, writes: 3 },
  blockUser: { reads: 3, writes: 2 },
  getBlocked: { reads: 1, writes: 0 },
  unmatch: { reads: 1, writes: 3 },
  report: { reads: 0, writes: 1 },
  getReports: { reads: 1, writes: 0 },
  resolveReport: { reads: 1, writes: 3 },
  getAudit: { reads: 1, writes: 0 },
  restrictUser: { reads: 0, writes: 4 },
  getPrivacy: { reads: 0, writes: 0 },
  updatePrivacy: { reads: 0, writes: 2 },
  searchMessages: { reads: 9, writes: 0 },
  createAttachment: { reads: 4, writes: 3 },
  getUpload: { reads: 1, writes: 0 },
  completeAttachment: { reads: 1, writes: 0 },
  getAttachment: { reads: 1, writes: 0 },
  cancelAttachment: { reads: 2, writes: 2 },
  registerDevice: { reads: 1, writes: 1 },
  unregisterDevice: { reads: 0, writes: 1 },
  setForeground: { reads: 0, writes: 0 },
  getNotifications: { reads: 0, writes: 0 },
  updateNotifications: { reads: 1, writes: 2 },
};

/** Operations of a user who has used this process before, as nearly all are: a chat of two members, without groups. */
export const REPEATED = {
  'getConversations, again': { reads: 4, writes: 0 },
  'sync, nothing new': { reads: 2, writes: 0 },
  'sync, a new message': { reads: 4, writes: 0 },
  'getOrCreateDirect, existing': { reads: 2, writes: 1 },
  'getOrCreateDirect, new': { reads: 1, writes: 1 },
  'getMessages, newest, again': { reads: 3, writes: 0 },
  'message:read, a new message': { reads: 2, writes: 3 },
  'react, to a message with reactions': { reads: 7, writes: 4 },
} as const satisfies Record<string, DatabaseCommands>;

const rowOf = (name: string, { reads, writes }: DatabaseCommands): string =>
  row(name, String(reads), String(writes));

export const roundTripsPage = (): string => `${NOTE}

# Database commands per operation

What each command costs at most: one client on an idle server, with a chat of two members and two messages, some fields of
each optional kind set, and one process on the database. Writes include those that happen after the answer (summaries,
positions). \`test/contract/roundTrips.test.ts\` counts them through the driver's command monitoring: one query more is a
decision, and changes this table.

${head('command', 'reads', 'writes')}
${COMMAND_NAMES.map((name) => rowOf(code(name), ROUND_TRIPS[name])).join('\n')}

A process keeps some documents per user between commands and asks what has changed since
([decision 33](decisions/0033-lists-start-from-kept-documents.md)). The table above counts the first command of a user; later
ones take less. A read position that follows a message or a page within a second takes the membership from it:

${head('operation', 'reads', 'writes')}
${Object.entries(REPEATED)
  .map(([name, allowed]) => rowOf(name, allowed))
  .join('\n')}

Many callers at once share queries: lookups of the same kind that are asked while others are in flight go out as one, and
messages, changes, positions and summaries are written in batches. A known user who connects costs nothing, a new one a
find of the user, two of their blocks, and one insert with its mark; users who connect in the same turn share all of them.

A process without load sends 1.9 commands a second, and 3.6 with push notifications and a webhook ([scaling](scaling.md)).
`;
