import type { ReadableStore } from '../observable/readableStore.js';
import type { Conversation } from '../state/types.js';
import type { CommandData, CommandPayload } from '../wire/index.js';
import type { ConversationFilter, ConversationListSnapshot } from './snapshots.js';

/** The user's conversations. Every promise rejects with `ParleyError`. */
export interface ConversationsApi {
  /** Stays current; the same object for the same filter. */
  list: (filter?: ConversationFilter) => ReadableStore<ConversationListSnapshot>;
  /** Loads the next page of the list, or of a filtered one. Resolves with false when there is none. */
  loadMore: (filter?: ConversationFilter) => Promise<boolean>;
  /** Returns the conversation from this device, else from the server. */
  get: (conversationId: string) => Promise<Conversation>;
  /** One conversation per pair of users, whoever creates it and however often. */
  getOrCreateDirect: (
    otherUserId: string,
    options?: { occasion?: CommandPayload<'getOrCreateDirect'>['occasion'] },
  ) => Promise<{ conversation: Conversation; created: boolean }>;
  /** Makes a group or a channel. Repeats with the same `clientConversationId` return the first one. */
  createGroup: (
    input: Omit<CommandPayload<'createGroup'>, 'clientConversationId'> & {
      clientConversationId?: string | undefined;
    },
  ) => Promise<{ conversation: Conversation; refused: CommandData<'createGroup'>['refused'] }>;
  /** Joins a group or channel that is open to everyone who knows its id. */
  join: (conversationId: string) => Promise<Conversation>;
  /** Searches the messages of all conversations, or of one. Names are searched in the local list (`list`). */
  search: (input: CommandPayload<'searchMessages'>) => Promise<CommandData<'searchMessages'>>;
}
