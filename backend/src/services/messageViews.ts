import type { ConversationId, EntryView, MessageView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import { findPositions, type PositionParts } from './conversationViews.js';
import type { Summaries } from './derived/summaries.js';
import { toHidden } from './fanOut.js';
import type { ReactionModel } from '../models/reactionModel.js';
import { messageStatus, toMessageView, withOwnReactions, type Positions } from './present.js';
import { quotesFor, type QuoteParts } from './quotes.js';
import type { Discretion } from './safety/discretion.js';
import type { UserDirectory } from './userDirectory.js';
import type { Viewer } from './visibility.js';

export interface MessageViewParts extends PositionParts, QuoteParts {
  reactions: Pick<ReactionModel, 'findPairs'>;
  users: UserDirectory;
  discretion: Discretion;
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

  /** Where the members of these conversations stand now; of large groups and channels the viewer alone. */
  async standing(ids: readonly ConversationId[], viewer: UserId): Promise<Standing> {
    const conversations = await this.#parts.lookups.conversations.load(ids);
    return {
      conversations: new Map(conversations.map((one) => [one._id, this.#parts.summaries.overlay(one)])),
      positions: await this.#parts.discretion.veil(
        viewer,
        await findPositions(this.#parts, viewer, conversations),
      ),
    };
  }

  async present(messages: readonly MessageRecord[], standing: Standing): Promise<MessageView[]> {
    const users = await this.#parts.users.views(messages.map(({ senderId }) => senderId));
    const userOf = (id: UserId) => users.get(id) ?? { _id: id };
    return messages.map((message) => {
      const conversation = standing.conversations.get(message.conversationId);
      const positions = standing.positions.get(message.conversationId) ?? NOWHERE;
      const status = conversation === undefined ? 'sent' : messageStatus(conversation, positions, message);
      const view = toMessageView(message, userOf(message.senderId), status);
      return conversation?.pinned?.includes(message.seq) === true ? { ...view, pinned: true } : view;
    });
  }

  /** The same for one viewer: of what they may not see, its place. */
  async presentFor(
    viewer: Viewer,
    messages: readonly MessageRecord[],
    standing: Standing,
  ): Promise<EntryView[]> {
    const seen = messages.filter((message) => viewer.sees(message));
    const [views, quotes, own] = await Promise.all([
      this.present(seen, standing),
      quotesFor(this.#parts, viewer, seen),
      this.#ownReactions(viewer, seen),
    ]);
    const bySeq = new Map(
      views.map((view) => {
        const quoted = view.replyTo === undefined ? undefined : quotes.get(view.replyTo);
        const shown = withOwnReactions(view, own.get(view.seq) ?? []);
        return [view.seq, quoted === undefined ? shown : { ...shown, quoted }];
      }),
    );
    return messages.map((message) => bySeq.get(message.seq) ?? toHidden(message));
  }

  /** Which reactions the viewer gave to those of these messages that have any. */
  async #ownReactions(
    { conversationId, userId }: Viewer,
    messages: readonly MessageRecord[],
  ): Promise<Map<number, readonly string[]>> {
    const seqs = messages.filter(({ reactions = [] }) => reactions.length > 0).map(({ seq }) => seq);
    const own = await this.#parts.reactions.findPairs(conversationId, { seqs, userIds: [userId] });
    return new Map(own.map(({ seq, emojis }) => [seq, emojis]));
  }

  /** One message as it stands now. */
  async presentOne(message: MessageRecord): Promise<MessageView> {
    const standing = await this.standing([message.conversationId], message.senderId);
    const [view] = await this.present([message], standing);
    return view ?? this.fresh(message);
  }

  /** A message at the moment it is stored: nobody else has it yet. */
  fresh(message: MessageRecord): MessageView {
    return toMessageView(message, this.#parts.users.knownView(message.senderId), 'sent');
  }
}
