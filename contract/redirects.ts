import type { CommandName, CommandPayload } from './events.js';

/**
 * How a field of a payload is carried over to the conversation in which a merged or split one goes on:
 * `seq` names exactly one message (`NOT_FOUND` when it did not move there), `seqUpTo` everything up to a message (the
 * last moved message up to there, at least 1), `seqAfter` everything after one (at least 0), `rev` a change, and
 * `messageId` a message by its id.
 */
export type RedirectedField = 'seq' | 'seqUpTo' | 'seqAfter' | 'rev' | 'messageId';

/** Fields of a payload; none for a payload without any, whose type allows every name. */
type Fields<Payload> = string extends keyof Payload ? never : keyof Payload;

/** Commands that name a conversation. The server runs them in its successor when the conversation was merged or split. */
export type RedirectedCommand = {
  [Name in CommandName]: 'conversationId' extends Fields<CommandPayload<Name>> ? Name : never;
}[CommandName];

type Table = {
  readonly [Name in RedirectedCommand]: Readonly<
    Partial<Record<Fields<CommandPayload<Name>>, RedirectedField>>
  >;
};

/** Fields besides `conversationId` that change with the conversation. A command without a row does not compile. */
export const REDIRECTS = {
  getConversation: {},
  sendMessage: { replyTo: 'seq' },
  getMessages: { before: 'seqUpTo', after: 'seqAfter', around: 'seqUpTo' },
  'message:delivered': { seq: 'seqUpTo', messageId: 'messageId' },
  'message:read': { seq: 'seqUpTo', messageId: 'messageId' },
  typing: {},
  getMembers: {},
  addMembers: {},
  removeMember: {},
  joinConversation: {},
  leaveConversation: {},
  setRole: {},
  updateConversation: {},
  watchConversation: {},
  editMessage: { seq: 'seq' },
  deleteMessage: { seq: 'seq' },
  react: { seq: 'seq' },
  pinMessage: { seq: 'seq' },
  getChanges: { afterRev: 'rev' },
  getEdits: { seq: 'seq' },
  getReactions: { seq: 'seq' },
  getReceipts: { seq: 'seq' },
  updateSettings: {},
  clearHistory: {},
  deleteConversation: {},
  unmatch: {},
  report: { seq: 'seq' },
  searchMessages: {},
  createAttachment: {},
} as const satisfies Table;

/** True for commands that have a row in `REDIRECTS`. */
export const isRedirected = (name: CommandName): name is RedirectedCommand => name in REDIRECTS;
