import type { ConversationId, EntryView, MessageView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import { findLargeReach, findPositions, type PositionParts } from './conversationViews.js';
import type { Summaries } from './derived/summaries.js';
import { toHidden } from './fanOut.js';
import type { ReactionModel } from '../models/reactionModel.js';
import {
  companionsOf,
  tallyOf,
  toMessageView,
  toReach,
  UNCOUNTED,
  withOwnReactions,
  type Positions,
  type Reach,
} from './present.js';
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
  viewer: UserId;
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
      viewer,
      conversations: new Map(conversations.map((one) => [one._id, this.#parts.summaries.overlay(one)])),
      positions: await this.#parts.discretion.veil(
        viewer,
        await findPositions(this.#parts, viewer, conversations),
      ),
    };
  }

  async present(messages: readonly MessageRecord[], standing: Standing): Promise<MessageView[]> {
    const [users, reachOf] = await Promise.all([
      this.#parts.users.views(messages.map(({ senderId }) => senderId)),
      this.#reach(messages, standing),
    ]);
    const userOf = (id: UserId) => users.get(id) ?? { _id: id };
    return messages.map((message) => {
      const conversation = standing.conversations.get(message.conversationId);
      const view = toMessageView(message, userOf(message.senderId), reachOf(message));
      return conversation?.pinned?.includes(message.seq) === true ? { ...view, pinned: true } : view;
    });
  }

  /**
   * How far each message has come. In large groups everybody's positions are read for the viewer's own messages alone;
   * of others' `getReceipts` tells, as in channels.
   */
  async #reach(
    messages: readonly MessageRecord[],
    { viewer, conversations, positions }: Standing,
  ): Promise<(message: MessageRecord) => Reach> {
    const isLarge = (id: ConversationId): boolean => conversations.get(id)?.apart === true;
    const own = messages.filter(
      ({ conversationId, senderId }) => senderId === viewer && isLarge(conversationId),
    );
    const large = await findLargeReach(this.#parts, viewer, [
      ...new Set(own.flatMap(({ conversationId }) => conversations.get(conversationId) ?? [])),
    ]);
    const companions = new Map(
      [...conversations].map(([id, one]) => {
        const known = isLarge(id) ? large.get(id) : (positions.get(id) ?? NOWHERE);
        return [id, known === undefined ? undefined : companionsOf(one, known)];
      }),
    );
    return (message) => {
      const type = conversations.get(message.conversationId)?.type;
      const known = companions.get(message.conversationId);
      const isCounted = !isLarge(message.conversationId) || message.senderId === viewer;
      if (type === undefined || known === undefined || !isCounted) return UNCOUNTED;
      return toReach(type, tallyOf(known, message));
    };
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
    return toMessageView(message, this.#parts.users.knownView(message.senderId), UNCOUNTED);
  }
}
