import type { ConversationId, MessageView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import { groupPositions } from './conversationViews.js';
import type { Summaries } from './derived/summaries.js';
import type { Lookups } from './lookups.js';
import { messageStatus, toMessageView, type Positions } from './present.js';
import type { UserDirectory } from './userDirectory.js';

export interface MessageViewParts {
  lookups: Lookups;
  users: UserDirectory;
  summaries: Summaries;
}

/** What the statuses of messages follow from. */
interface Standing {
  conversations: ReadonlyMap<ConversationId, ConversationRecord>;
  positions: ReadonlyMap<ConversationId, Positions>;
}

const NOWHERE: Positions = new Map();

/** Messages as members see them: a page costs one query for each kind of thing, whatever its length. */
export class MessageViews {
  readonly #parts: MessageViewParts;

  constructor(parts: MessageViewParts) {
    this.#parts = parts;
  }

  /** Where the members of these conversations stand now. */
  async standing(ids: readonly ConversationId[]): Promise<Standing> {
    const [conversations, positions] = await Promise.all([
      this.#parts.lookups.conversations.load(ids),
      this.#parts.lookups.positions.load(ids),
    ]);
    return {
      conversations: new Map(conversations.map((one) => [one._id, this.#parts.summaries.overlay(one)])),
      positions: groupPositions(positions),
    };
  }

  async present(messages: readonly MessageRecord[], standing: Standing): Promise<MessageView[]> {
    const users = await this.#parts.users.views(messages.map(({ senderId }) => senderId));
    const userOf = (id: UserId) => users.get(id) ?? { _id: id };
    return messages.map((message) => {
      const conversation = standing.conversations.get(message.conversationId);
      const positions = standing.positions.get(message.conversationId) ?? NOWHERE;
      const status = conversation === undefined ? 'sent' : messageStatus(conversation, positions, message);
      return toMessageView(message, userOf(message.senderId), status);
    });
  }

  /** One message as it stands now. */
  async presentOne(message: MessageRecord): Promise<MessageView> {
    const [view] = await this.present([message], await this.standing([message.conversationId]));
    return view ?? this.fresh(message);
  }

  /** A message at the moment it is stored: nobody else has it yet. */
  fresh(message: MessageRecord): MessageView {
    return toMessageView(message, this.#parts.users.knownView(message.senderId), 'sent');
  }
}
