import {
  SYSTEM_USER_ID,
  type ConversationId,
  type EntryView,
  type MessageView,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionRecord } from '../../models/reactionModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { findLargePositions, groupPositions, type PositionDeps } from './conversationViews.js';
import type { Summaries } from '../derived/index.js';
import type { Membership, MembershipStore } from '../membership/index.js';
import type { AttachmentViews } from './attachmentViews.js';
import { toHidden } from './hiddenMessage.js';
import {
  NO_POSITIONS,
  type Positions,
  recipientsOf,
  tallyOf,
  toDeliveryStatus,
  UNCOUNTED,
  type DeliveryStatus,
} from '../positions/index.js';
import { toMessageView } from './messageView.js';
import { withOwnReactions } from './reactionViews.js';
import { quotesFor, type QuoteDeps } from './quotes.js';
import type {
  BlockDirectory,
  OwnMember,
  PrivacyPolicy,
  PersonalViewer,
  PersonalView,
  ShadowView,
  Viewer,
} from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';

export interface MessageViewDeps extends PositionDeps, QuoteDeps {
  users: UserDirectory;
  privacyPolicy: PrivacyPolicy;
  personal: PersonalView;
  shadows: Pick<ShadowView, 'conversations'>;
  blocks: Pick<BlockDirectory, 'of'>;
  summaries: Summaries;
  memberships: Pick<MembershipStore, 'peek'>;
  attachmentViews: AttachmentViews;
}

/** Conversations and positions that the views of their messages depend on, as one viewer may see them. */
interface ViewContext {
  viewer: UserId;
  conversations: ReadonlyMap<ConversationId, ConversationRecord>;
  positions: ReadonlyMap<ConversationId, Positions>;
  /** The viewer's own member documents. */
  own: ReadonlyMap<ConversationId, MemberRecord>;
}

interface KnownReactions {
  /** Reactions to the messages, at least those of the viewer, if they were read during this command. */
  reactions?: readonly ReactionRecord[];
}

/** Stored conversations, with the positions of all members of the small ones. */
export interface LoadedConversations {
  stored: readonly ConversationRecord[];
  positions: ReadonlyMap<ConversationId, ReadonlyMap<UserId, MemberRecord>>;
}

const NO_USERS: ReadonlySet<UserId> = new Set();

/** Builds message views. Takes a fixed number of queries per page, whatever its length. */
export class MessageViews {
  readonly #deps: MessageViewDeps;

  constructor(deps: MessageViewDeps) {
    this.#deps = deps;
  }

  /** Loads the context for messages of these conversations. In large groups and channels, only the viewer's position. */
  async loadContext(ids: readonly ConversationId[], viewer: UserId): Promise<ViewContext> {
    return this.contextFor(viewer, await this.loadConversations(ids));
  }

  /**
   * Loads what the contexts of several viewers have in common.
   *
   * @param known conversations that were just read.
   */
  async loadConversations(
    ids: readonly ConversationId[],
    known: readonly ConversationRecord[] = [],
  ): Promise<LoadedConversations> {
    const { lookups, memberships } = this.#deps;
    const knownIds = new Set(known.map(({ _id }) => _id));
    // In groups, members may join: their documents have to be read after the conversation.
    const isDirect = (id: ConversationId): boolean => memberships.peek(id)?.type === 'direct';
    const direct = new Set(ids.filter((id) => isDirect(id) && !knownIds.has(id)));
    const [read, early] = await Promise.all([
      lookups.conversations.load(ids.filter((id) => !knownIds.has(id))),
      lookups.positions.load([...direct]),
    ]);
    const stored = [...known, ...read];
    const others = stored
      .filter(({ _id, apart }) => apart !== true && !direct.has(_id))
      .map(({ _id }) => _id);
    return { stored, positions: groupPositions([...early, ...(await lookups.positions.load(others))]) };
  }

  /** As `loadContext`, from conversations that were loaded before. */
  async contextFor(viewer: UserId, { stored, positions }: LoadedConversations): Promise<ViewContext> {
    const large = stored.filter(({ apart }) => apart === true).map(({ _id }) => _id);
    const { summaries, privacyPolicy, members } = this.#deps;
    const own = groupPositions(await members.findByUser(viewer, large));
    const known = new Map([...positions, ...own]);
    const conversations = stored.map((one) => summaries.overlay(one));
    const ownMembers = stored.flatMap(({ _id }): [ConversationId, MemberRecord][] => {
      const member = known.get(_id)?.get(viewer);
      return member === undefined ? [] : [[_id, member]];
    });
    return {
      viewer,
      own: new Map(ownMembers),
      conversations: new Map(conversations.map((one) => [one._id, one])),
      positions: await privacyPolicy.redact(viewer, conversations, known),
    };
  }

  /**
   * Returns the viewer's own member document of a conversation, undefined when the documents of the context do not
   * reflect this membership yet.
   */
  ownMember(
    { conversations, own }: ViewContext,
    { conversationId, control }: Membership,
  ): OwnMember | undefined {
    const record = conversations.get(conversationId);
    return record !== undefined && record.control >= control ? { own: own.get(conversationId) } : undefined;
  }

  /**
   * Returns views that are equal for all viewers.
   *
   * @param viewer gets their own name and picture as they set them. Omit it if other users receive the same view.
   */
  async present(
    messages: readonly MessageRecord[],
    context: ViewContext,
    viewer?: UserId,
  ): Promise<MessageView[]> {
    const [users, deliveryStatusOf] = await Promise.all([
      this.#deps.users.views(
        messages.map(({ senderId }) => senderId),
        viewer,
      ),
      this.#deliveryStatuses(messages, context),
    ]);
    const userOf = (id: UserId) => users.get(id) ?? { _id: id };
    return messages.map((message) => {
      const conversation = context.conversations.get(message.conversationId);
      const view = toMessageView(message, {
        sender: userOf(message.senderId),
        deliveryStatus: deliveryStatusOf(message),
        attachmentViews: this.#deps.attachmentViews,
      });
      return conversation?.pinned?.includes(message.seq) === true ? { ...view, pinned: true } : view;
    });
  }

  /**
   * Returns a function from a message to its delivery status. In large groups only the viewer's own messages are
   * counted, and in channels none: `getReceipts` returns those counts.
   */
  async #deliveryStatuses(
    messages: readonly MessageRecord[],
    { viewer, conversations, positions }: ViewContext,
  ): Promise<(message: MessageRecord) => DeliveryStatus> {
    const isLarge = (id: ConversationId): boolean => conversations.get(id)?.apart === true;
    const own = messages.filter(
      ({ conversationId, senderId }) => senderId === viewer && isLarge(conversationId),
    );
    const large = await findLargePositions(this.#deps, viewer, [
      ...new Set(own.flatMap(({ conversationId }) => conversations.get(conversationId) ?? [])),
    ]);
    const recipients = new Map(
      [...conversations].map(([id, one]) => {
        const known = isLarge(id) ? large.get(id) : (positions.get(id) ?? NO_POSITIONS);
        return [id, known === undefined ? undefined : recipientsOf(one, known)];
      }),
    );
    return (message) => {
      const type = conversations.get(message.conversationId)?.type;
      const known = recipients.get(message.conversationId);
      const isCounted = !isLarge(message.conversationId) || message.senderId === viewer;
      if (type === undefined || known === undefined || !isCounted) return UNCOUNTED;
      return toDeliveryStatus(type, tallyOf(known, message));
    };
  }

  /** Returns views for one viewer: quotes, own reactions, and a placeholder for each message they may not see. */
  async presentFor(
    viewer: Viewer,
    messages: readonly MessageRecord[],
    context: ViewContext & KnownReactions,
  ): Promise<EntryView[]> {
    const seen = messages.filter((message) => viewer.sees(message));
    const [views, quotes] = await Promise.all([
      this.#presentPersonal(viewer, seen, context),
      quotesFor(this.#deps, viewer, seen),
    ]);
    const bySeq = new Map(
      views.map((view) => {
        const quoted = view.replyTo === undefined ? undefined : quotes.get(view.replyTo);
        return [view.seq, quoted === undefined ? view : { ...view, quoted }];
      }),
    );
    return messages.map((message) => {
      const view = bySeq.get(message.seq) ?? toHidden(message);
      // The backend reads what restricted users sent, and has to know that no other user does.
      const isMarked = viewer.userId === SYSTEM_USER_ID && message.shadow === true && view.kind !== 'hidden';
      return isMarked ? { ...view, shadow: true as const } : view;
    });
  }

  /** Returns views of the viewer's own messages, which may be from different conversations, in the given order. */
  async presentOwn(messages: readonly MessageRecord[], context: ViewContext): Promise<MessageView[]> {
    const { viewer, conversations } = context;
    const { blocked } = await this.#deps.blocks.of(viewer);
    const views = await Promise.all(
      [...groupBy(messages, ({ conversationId }) => conversationId)].map(([conversationId, together]) => {
        const hiddenSenders = conversations.get(conversationId)?.type === 'direct' ? NO_USERS : blocked;
        return this.#presentPersonal(
          { userId: viewer, conversationId, blocked: hiddenSenders },
          together,
          context,
        );
      }),
    );
    const byId = new Map(views.flat().map((view) => [view._id, view]));
    return messages.flatMap(({ _id }) => byId.get(_id) ?? []);
  }

  async #presentPersonal(
    viewer: PersonalViewer,
    messages: readonly MessageRecord[],
    context: ViewContext & KnownReactions,
  ): Promise<MessageView[]> {
    const { personal, shadows } = this.#deps;
    const [seen, { records }] = await Promise.all([
      personal.messages(viewer, messages, context.reactions),
      shadows.conversations(viewer.userId, [...context.conversations.values()]),
    ]);
    const conversations = new Map(records.map((record) => [record._id, record]));
    const views = await this.present(
      seen.map(({ message }) => message),
      { ...context, conversations },
      viewer.userId,
    );
    return views.map((view, index) => withOwnReactions(view, seen[index]?.emojis ?? []));
  }

  /** Returns the current view of one message, for its sender. */
  async presentOne(message: MessageRecord): Promise<MessageView> {
    const context = await this.loadContext([message.conversationId], message.senderId);
    const [view] = await this.present([message], context);
    return view ?? this.presentNew(message);
  }

  /** Returns views of messages, each for its own sender. Undefined for a message that has no view. */
  async presentToSenders(
    messages: readonly MessageRecord[],
    loaded: LoadedConversations,
  ): Promise<(MessageView | undefined)[]> {
    const bySender = await Promise.all(
      [...groupBy(messages, ({ senderId }) => senderId)].map(async ([senderId, own]) =>
        this.present(own, await this.contextFor(senderId, loaded)),
      ),
    );
    const byId = new Map(bySender.flat().map((view) => [view._id, view]));
    return messages.map(({ _id }) => byId.get(_id));
  }

  /** Returns the view of a message that was just stored. Needs no query: no other user can have received it yet. */
  presentNew(message: MessageRecord): MessageView {
    const { users, attachmentViews } = this.#deps;
    const sender =
      message.shadow === true ? users.ownView(message.senderId) : users.knownView(message.senderId);
    return toMessageView(message, { sender, deliveryStatus: UNCOUNTED, attachmentViews });
  }
}
