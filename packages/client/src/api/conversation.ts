import type { ReadableStore } from '../observable/readableStore.js';
import type { Conversation, Message } from '../state/types.js';
import type { CommandData, CommandPayload, Role } from '../wire/index.js';
import type { SentHandle } from './outbox.js';
import type { MessagesSnapshot } from './snapshots.js';

/** Content of a message to send: text, or one of the others with the text as its caption. */
export interface MessageContent {
  text?: string | undefined;
  attachments?: CommandPayload<'sendMessage'>['attachments'] | undefined;
  /**
   * Ids of files of `client.uploads`, instead of `attachments`. The message waits in the outbox until all are ready; messages
   * that are written later do not wait for it.
   */
  uploads?: readonly string[] | undefined;
  location?: CommandPayload<'sendMessage'>['location'] | undefined;
  card?: CommandPayload<'sendMessage'>['card'] | undefined;
  /** `seq` of the message that this one answers. */
  replyTo?: number | undefined;
}

/** One conversation. Methods that return a promise reject with `ParleyError`; local state is updated before they resolve. */
export interface ConversationHandle {
  readonly id: string;
  /** Messages, pending messages, gaps, typing and the unread marker. */
  readonly messages: ReadableStore<MessagesSnapshot>;
  /** The conversation itself; undefined while it is unknown on this device. */
  readonly conversation: ReadableStore<Conversation | undefined>;

  /**
   * Marks the conversation as displayed: shows what is stored, loads the newest page and what is missing, and subscribes to
   * live messages of large groups and channels. Calls nest: `close` as often as `open`.
   */
  open: () => Promise<void>;
  close: () => void;
  /**
   * Loads the page before the oldest held message, or before a `seq`: a gap reached from below. Resolves with false when the
   * beginning is reached.
   */
  loadOlder: (beforeSeq?: number) => Promise<boolean>;
  /** Loads the page after a `seq`: a gap reached from above. */
  loadNewer: (afterSeq: number) => Promise<boolean>;
  /** Loads the messages around a `seq`. Resolves with false when the user may not see that message. */
  loadAround: (seq: number) => Promise<boolean>;
  /** Loads one message for a quote or a pin, without the history around it. It appears in `state.aside`. */
  loadOne: (seq: number) => Promise<Message | undefined>;

  /** Stores the message on the device, shows it as pending, and sends it in order until the server has answered. */
  sendMessage: (content: MessageContent) => SentHandle;
  edit: (seq: number, text: string) => Promise<void>;
  delete: (seq: number, scope: 'me' | 'everyone') => Promise<void>;
  react: (seq: number, emoji: string, on?: boolean) => Promise<void>;
  pin: (seq: number, pinned?: boolean) => Promise<void>;
  /** Reports that the user has seen everything up to this `seq`. Repeats, lower values and offline calls are fine. */
  markRead: (seq: number) => void;
  /** Call on each key stroke: notices are sent at most every few seconds, and end by themselves. */
  sendTyping: () => void;
  stopTyping: () => void;

  search: (
    text: string,
    options?: { cursor?: string; limit?: number },
  ) => Promise<CommandData<'searchMessages'>>;
  getEdits: (seq: number) => Promise<CommandData<'getEdits'>['edits']>;
  getReactions: (seq: number, emoji?: string) => Promise<CommandData<'getReactions'>['reactions']>;
  getReceipts: (seq: number) => Promise<CommandData<'getReceipts'>>;

  getMembers: (
    options?: Omit<CommandPayload<'getMembers'>, 'conversationId'>,
  ) => Promise<CommandData<'getMembers'>>;
  addMembers: (userIds: string[]) => Promise<CommandData<'addMembers'>['refused']>;
  removeMember: (userId: string) => Promise<void>;
  setRole: (userId: string, role: Role) => Promise<void>;
  leave: () => Promise<void>;
  /** Name, picture and rules of a group (owner and admins). */
  update: (changes: Omit<CommandPayload<'updateConversation'>, 'conversationId'>) => Promise<void>;

  /** Settings of this user, on all their devices. `mutedUntil: null` ends a mute (see the contract for each field). */
  updateSettings: (changes: Omit<CommandPayload<'updateSettings'>, 'conversationId'>) => Promise<void>;
  clearHistory: () => Promise<void>;
  deleteForMe: () => Promise<void>;
  unmatch: () => Promise<void>;
  /** Reports a message. A user is reported with `client.safety.report`. */
  report: (input: {
    reason: CommandPayload<'report'>['reason'];
    seq: number;
    comment?: string;
  }) => Promise<{ reportId: string }>;
}
