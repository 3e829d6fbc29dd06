import {
  SYSTEM_USER_ID,
  type ConversationId,
  type ConversationView,
  type MessageId,
  type Role,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { DatabaseTime, Lookups } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import type { MemberSettings } from './memberSettings.js';
import { notParticipant } from '../../utils/appError.js';
import { withFacts, withMembership, type MembershipStore } from '../membership/index.js';
import {
  effectivePosition,
  NO_POSITIONS,
  type Positions,
  recipientsOf,
  tallyOf,
  toDeliveryStatus,
  UNCOUNTED,
  type DeliveryStatus,
} from '../positions/index.js';
import type { AttachmentViews } from './attachmentViews.js';
import { memberFields, toConversationView } from './conversationView.js';
import type { PrivacyPolicy, RangeCounts, ViewerRules } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';

export interface PositionDeps {
  lookups: Lookups;
  members: Pick<MemberModel, 'findByUser'>;
}

export interface ViewDeps extends PositionDeps {
  memberships: MembershipStore;
  viewerRules: ViewerRules;
  users: UserDirectory;
  summaries: Summaries;
  attachmentViews: AttachmentViews;
  time: DatabaseTime;
}

/** Groups stored positions by conversation and member. */
export function groupPositions(
  members: readonly MemberRecord[],
): Map<ConversationId, ReadonlyMap<UserId, MemberRecord>> {
  const groups = new Map<ConversationId, Map<UserId, MemberRecord>>();
  for (const member of members) {
    const group = groups.get(member.conversationId) ?? new Map<UserId, MemberRecord>();
    groups.set(member.conversationId, group.set(member.userId, member));
  }
  return groups;
}

/** Loads the positions of all members of direct chats and small groups, and of the viewer in all others. */
export async function findPositions(
  { lookups, members }: PositionDeps,
  viewer: UserId,
  conversations: readonly ConversationRecord[],
): Promise<Map<ConversationId, ReadonlyMap<UserId, MemberRecord>>> {
  const [large, small] = [true, false].map((isLarge) =>
    conversations.filter((one) => (one.apart ?? false) === isLarge).map(({ _id }) => _id),
  );
  const [own, all] = await Promise.all([
    members.findByUser(viewer, large ?? []),
    lookups.positions.load(small ?? []),
  ]);
  return groupPositions([...own, ...all]);
}

/** Loads the positions of all members of the large groups among these conversations, redacted for the viewer's counts. */
export async function findLargePositions(
  { lookups, privacyPolicy }: Pick<PositionDeps, 'lookups'> & { privacyPolicy: PrivacyPolicy },
  viewer: UserId,
  conversations: readonly ConversationRecord[],
): Promise<ReadonlyMap<ConversationId, Positions>> {
  const large = conversations.filter(({ type, apart }) => type === 'group' && apart === true);
  if (large.length === 0) return new Map();
  const found = await lookups.largePositions.load(large.map(({ _id }) => _id));
  return privacyPolicy.redactCounted(viewer, large, groupPositions(found));
}

/** Records from which a page of views is built. */
interface PageContent {
  conversations: readonly ConversationRecord[];
  positions: ReadonlyMap<ConversationId, Positions>;
  /** Newest message of each conversation according to its summary. */
  lastMessages: readonly MessageRecord[];
}

const deliveryStatusOf = (
  conversation: ConversationRecord,
  positions: Positions | undefined,
  message: MessageRecord | undefined,
): DeliveryStatus =>
  positions === undefined || message === undefined
    ? UNCOUNTED
    : toDeliveryStatus(conversation.type, tallyOf(recipientsOf(conversation, positions), message));

/** Returns positions with the roles that a restricted viewer has set for themselves only. */
function withRoles(
  positions: Map<ConversationId, Positions>,
  roles: ReadonlyMap<ConversationId, ReadonlyMap<UserId, Role>>,
): Map<ConversationId, Positions> {
  if (roles.size === 0) return positions;
  return new Map(
    [...positions].map(([id, members]): [ConversationId, Positions] => {
      const given = roles.get(id);
      if (given === undefined) return [id, members];
      const seen = [...members].map(([userId, one]): [UserId, typeof one] => {
        const role = given.get(userId);
        return [userId, role === undefined ? one : { ...one, role }];
      });
      return [id, new Map(seen)];
    }),
  );
}

/** True when a conversation belongs in the result, given the viewer's own settings in it. */
type Filter = (conversation: ConversationRecord, settings: MemberSettings | undefined) => boolean;
const KEEP_ALL: Filter = () => true;

interface PresentOptions {
  keep?: Filter;
  rangeCounts?: RangeCounts;
  /** Messages that were just read, with the newest of each conversation among them. */
  lastMessages?: Promise<readonly MessageRecord[]> | undefined;
}

/** Builds conversation views for one viewer. Takes a fixed number of queries per page, whatever its length. */
export class ConversationViews {
  readonly #deps: ViewDeps;

  constructor(deps: ViewDeps) {
    this.#deps = deps;
  }

  /**
   * Returns views in the order of `found`, without conversations that the viewer has left.
   *
   * @param options.keep returns false for further conversations to drop.
   * @param options.rangeCounts what the same command has counted before.
   */
  async present(
    viewer: UserId,
    found: readonly ConversationRecord[],
    { keep = KEEP_ALL, rangeCounts, lastMessages: read }: PresentOptions = {},
  ): Promise<ConversationView[]> {
    const { users } = this.#deps;
    const now = this.#deps.time.now();
    const { blocked } = await this.#deps.viewerRules.blocks.of(viewer);
    const current = await this.#toCurrent(viewer, found);
    const visible = current.filter(
      (one) =>
        viewer === SYSTEM_USER_ID ||
        (one.closedBy === undefined && !this.#isHiddenWhileEmpty(viewer, blocked, one)),
    );
    // The shadow changes of a restricted viewer apply to their own views only.
    const { records: conversations, roles } = await this.#deps.viewerRules.shadows.conversations(
      viewer,
      visible,
    );
    const lastIds = conversations.flatMap(({ lastMessageId }) => lastMessageId ?? []);
    const participants = conversations.flatMap((conversation) => conversation.participants);
    const [stored, lastMessages] = await Promise.all([
      findPositions(this.#deps, viewer, conversations),
      this.#lastMessages(lastIds, read),
      // Cached for the views below.
      users.views(participants),
    ]);
    const positions = withRoles(this.#withFacts(viewer, conversations, stored), roles);
    const shown = conversations.filter((conversation) => {
      // Positions are read after the conversations, so the viewer may have left in between.
      const own = positions.get(conversation._id)?.get(viewer);
      return own?.leftSeq === undefined && keep(conversation, own);
    });
    const content = { conversations: shown, positions, lastMessages };
    const redactedOf = await this.#redactContent(viewer, content, rangeCounts);
    const contents = shown.map((conversation) => ({ conversation, ...redactedOf(conversation) }));
    // Large groups and channels have no participants here, but the preview names its author.
    const authors = contents.flatMap(({ lastMessage }) => lastMessage?.senderId ?? []);
    const profiles = await users.views([...participants, ...authors], viewer);
    return contents.map((one) =>
      toConversationView(viewer, {
        ...one,
        users: profiles,
        blocked,
        attachmentViews: this.#deps.attachmentViews,
        now,
      }),
    );
  }

  async #lastMessages(
    ids: readonly MessageId[],
    read: PresentOptions['lastMessages'],
  ): Promise<MessageRecord[]> {
    const known = new Map((await read)?.map((message) => [message._id, message]));
    const loaded = await this.#deps.lookups.messages.load(ids.filter((id) => !known.has(id)));
    return [...loaded, ...ids.flatMap((id) => known.get(id) ?? [])];
  }

  /** Returns a function from a conversation to its fields for this viewer: positions, preview, unread count. */
  async #redactContent(viewer: UserId, content: PageContent, rangeCounts?: RangeCounts) {
    const { privacyPolicy, redactedCounts, hiddenPins } = this.#deps.viewerRules;
    const { conversations, positions } = content;
    const [seen, previews, unread, hidden] = await Promise.all([
      privacyPolicy.redact(viewer, conversations, positions),
      this.#findPreviews(viewer, content),
      redactedCounts.unread(
        viewer,
        conversations.map((conversation) => ({
          conversation,
          reached: effectivePosition(conversation, positions.get(conversation._id) ?? NO_POSITIONS, viewer),
        })),
        rangeCounts,
      ),
      hiddenPins.find(viewer, content),
    ]);
    const large = await findLargePositions(
      { ...this.#deps, privacyPolicy },
      viewer,
      conversations.filter(({ _id }) => previews.get(_id)?.senderId === viewer),
    );
    return (conversation: ConversationRecord) => {
      const { _id } = conversation;
      const [positions, lastMessage] = [seen.get(_id) ?? NO_POSITIONS, previews.get(_id)];
      const counted = conversation.apart === true ? large.get(_id) : positions;
      const lastDeliveryStatus = deliveryStatusOf(conversation, counted, lastMessage);
      const counts = { lastDeliveryStatus, unread: unread.get(_id) ?? 0 };
      return { positions, lastMessage, ...counts, hiddenPins: hidden.get(_id) ?? [] };
    };
  }

  async #findPreviews(
    viewer: UserId,
    { conversations, positions, lastMessages }: PageContent,
  ): Promise<Map<ConversationId, MessageRecord | undefined>> {
    const { blocks, previews, restrictions } = this.#deps.viewerRules;
    const byId = new Map(lastMessages.map((message) => [message._id, message]));
    const { blocked } = await blocks.of(viewer);
    const restrictedAt = restrictions.shadowOf(viewer)?.restrictedAt;
    return previews.find(
      conversations.map((conversation) => {
        const { _id: conversationId, type, lastMessageId } = conversation;
        const own = positions.get(conversationId)?.get(viewer);
        const { visibleFromSeq: firstSeq } = memberFields(conversation, own, this.#deps.time.now());
        return {
          conversation,
          newest: lastMessageId && byId.get(lastMessageId),
          visibleRange: {
            userId: viewer,
            conversationId,
            type,
            firstSeq,
            blocked,
            absences: own?.absences,
            restrictedAt,
          },
          lastHiddenSeq: own?.lastHiddenSeq ?? 0,
        };
      }),
    );
  }

  /** True for an empty direct conversation with a user the viewer has blocked, or opened by a restricted other user. */
  #isHiddenWhileEmpty(
    viewer: UserId,
    blocked: ReadonlySet<UserId>,
    { type, messageCount, createdBy, participants, closedBy, shadow = false }: ConversationRecord,
  ): boolean {
    if (type !== 'direct' || messageCount > 0 || closedBy !== undefined) return false;
    return participants.some((userId) => blocked.has(userId)) || (shadow && createdBy !== viewer);
  }

  /**
   * Applies the latest membership events to stored conversations, and drops those that the viewer has left. A stored
   * conversation may be older than the events cached here, or older than its own newest message: the membership is
   * then read from the log.
   */
  async #toCurrent(viewer: UserId, stored: readonly ConversationRecord[]): Promise<ConversationRecord[]> {
    const { memberships, summaries } = this.#deps;
    const overlaid = stored.map((record) => ({ record: summaries.overlay(record), control: record.control }));
    const stale = overlaid.filter(({ record }) => record.tailControl > record.control);
    const currentById = await memberships.currentOf(stale.map(({ record }) => record._id));
    const current = await Promise.all(
      overlaid.map(async ({ record, control }) => {
        const isStale = record.tailControl > record.control;
        if (!isStale && record.control === control) return [record];
        const membership = isStale ? currentById.get(record._id) : memberships.peek(record._id);
        if (membership === undefined) return isStale ? [] : [record];
        const facts = await memberships.complete(membership, [viewer]);
        const isIn = facts.has(viewer) && !membership.gone.has(viewer);
        return isIn || viewer === SYSTEM_USER_ID ? [withMembership(record, membership)] : [];
      }),
    );
    return current.flat();
  }

  /** Adds the known facts of members whose documents are not up to date. */
  #withFacts(
    viewer: UserId,
    conversations: readonly ConversationRecord[],
    found: ReadonlyMap<ConversationId, Positions>,
  ): Map<ConversationId, Positions> {
    return new Map(
      conversations.map(({ _id, participants }) => {
        const membership = this.#deps.memberships.peek(_id);
        const stored = found.get(_id) ?? NO_POSITIONS;
        const current = new Map(stored);
        for (const userId of new Set([viewer, ...participants])) {
          const known = withFacts(stored.get(userId), membership, userId);
          if (known !== undefined) current.set(userId, known);
        }
        return [_id, current];
      }),
    );
  }

  /**
   * Returns the view of an empty direct conversation that was just created, for one of its two users. There is no block
   * between them.
   */
  async presentNew(viewer: UserId, conversation: ConversationRecord): Promise<ConversationView> {
    return toConversationView(viewer, {
      conversation,
      users: await this.#deps.users.views(conversation.participants, viewer),
      positions: NO_POSITIONS,
      lastMessage: undefined,
      lastDeliveryStatus: UNCOUNTED,
      hiddenPins: [],
      unread: 0,
      blocked: new Set(),
      attachmentViews: this.#deps.attachmentViews,
      now: this.#deps.time.now(),
    });
  }

  /** Returns the view of one conversation. @throws AppError `NOT_PARTICIPANT` when the viewer is not a member. */
  async presentOne(
    viewer: UserId,
    stored: ConversationRecord,
    options?: PresentOptions,
  ): Promise<ConversationView> {
    const [view] = await this.present(viewer, [stored], options);
    if (view === undefined) throw notParticipant();
    return view;
  }
}
