import type { ConversationId, ConversationView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { Own } from './ownState.js';
import { notParticipant } from '../utils/appError.js';
import type { Lookups } from './lookups.js';
import type { MembershipStore } from './membership/membershipStore.js';
import {
  companionsOf,
  effectivePosition,
  ownFields,
  tallyOf,
  toConversationView,
  toReach,
  UNCOUNTED,
  type Positions,
  type Reach,
} from './present.js';
import type { Discretion } from './safety/discretion.js';
import type { Sight } from './safety/index.js';
import type { UserDirectory } from './userDirectory.js';

export interface PositionParts {
  lookups: Lookups;
  members: Pick<MemberModel, 'findOwn'>;
}

export interface ViewParts extends PositionParts {
  memberships: MembershipStore;
  sight: Sight;
  users: UserDirectory;
  summaries: Summaries;
  time: DatabaseTime;
}

/** Stored positions by conversation and member. */
export function groupPositions(members: readonly MemberRecord[]): Map<ConversationId, Positions> {
  const groups = new Map<ConversationId, Map<UserId, MemberRecord>>();
  for (const member of members) {
    const group = groups.get(member.conversationId) ?? new Map<UserId, MemberRecord>();
    groups.set(member.conversationId, group.set(member.userId, member));
  }
  return groups;
}

/** Everybody's positions in direct chats and small groups; in others there may be thousands: the viewer's alone. */
export async function findPositions(
  { lookups, members }: PositionParts,
  viewer: UserId,
  conversations: readonly ConversationRecord[],
): Promise<Map<ConversationId, Positions>> {
  const [apart, together] = [true, false].map((isApart) =>
    conversations.filter((one) => (one.apart ?? false) === isApart).map(({ _id }) => _id),
  );
  const [own, all] = await Promise.all([
    members.findOwn(viewer, apart ?? []),
    lookups.positions.load(together ?? []),
  ]);
  return groupPositions([...own, ...all]);
}

/** Everybody's positions in those of these conversations that are large groups, as one of them may count them. */
export async function findLargeReach(
  { lookups, discretion }: Pick<PositionParts, 'lookups'> & { discretion: Discretion },
  viewer: UserId,
  conversations: readonly ConversationRecord[],
): Promise<ReadonlyMap<ConversationId, Positions>> {
  const large = conversations.filter(({ type, apart }) => type === 'group' && apart === true);
  if (large.length === 0) return new Map();
  const found = await lookups.reach.load(large.map(({ _id }) => _id));
  return discretion.veilCounted(viewer, groupPositions(found));
}

/** What a page is made of. */
interface Shown {
  conversations: readonly ConversationRecord[];
  positions: ReadonlyMap<ConversationId, Positions>;
  /** The newest entry of each that history shows. */
  lastMessages: readonly MessageRecord[];
}

const NOWHERE: Positions = new Map();

const reachOf = (
  conversation: ConversationRecord,
  positions: Positions | undefined,
  message: MessageRecord | undefined,
): Reach =>
  positions === undefined || message === undefined
    ? UNCOUNTED
    : toReach(conversation.type, tallyOf(companionsOf(conversation, positions), message));

/** Whether a viewer is to see a conversation, by their own document. */
type Keep = (conversation: ConversationRecord, own: Own | undefined) => boolean;
const ANY: Keep = () => true;

/** Conversations as one viewer sees them: a page costs one query for each kind of thing, whatever its length. */
export class ConversationViews {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  /**
   * In the order of `stored`, without what is not the viewer's any more.
   *
   * @param keep what else to leave out.
   */
  async present(
    viewer: UserId,
    stored: readonly ConversationRecord[],
    keep = ANY,
  ): Promise<ConversationView[]> {
    const { summaries, lookups, users } = this.#parts;
    const now = this.#parts.time.now();
    const conversations = await this.#stillMine(
      viewer,
      stored.map((record) => summaries.overlay(record)).filter((one) => !this.#isUnborn(viewer, one)),
    );
    const lastIds = conversations.flatMap(({ lastMessageId }) => lastMessageId ?? []);
    const [positions, lastMessages, profiles] = await Promise.all([
      findPositions(this.#parts, viewer, conversations),
      lookups.messages.load(lastIds),
      users.views(conversations.flatMap(({ participants }) => participants)),
    ]);
    const shown = conversations.filter((conversation) => {
      // Read behind the conversation: if that has seen the viewer leave, this says so.
      const own = positions.get(conversation._id)?.get(viewer);
      return own?.leftSeq === undefined && keep(conversation, own);
    });
    const sight = await this.#look(viewer, { conversations: shown, positions, lastMessages });
    return shown.map((conversation) =>
      toConversationView(viewer, { ...sight(conversation), conversation, users: profiles, now }),
    );
  }

  /** What of the conversations the viewer may see: the newest message, others' positions, how much is unread. */
  async #look(viewer: UserId, shown: Shown) {
    const { discretion, veiledCounts } = this.#parts.sight;
    const { conversations, positions } = shown;
    const [seen, previews, unread] = await Promise.all([
      discretion.veil(viewer, positions),
      this.#findPreviews(viewer, shown),
      veiledCounts.unread(
        viewer,
        conversations.map((conversation) => ({
          conversation,
          reached: effectivePosition(conversation, positions.get(conversation._id) ?? NOWHERE, viewer),
        })),
      ),
    ]);
    const large = await findLargeReach(
      { ...this.#parts, discretion },
      viewer,
      conversations.filter(({ _id }) => previews.get(_id)?.senderId === viewer),
    );
    return (conversation: ConversationRecord) => {
      const { _id } = conversation;
      const [positions, lastMessage] = [seen.get(_id) ?? NOWHERE, previews.get(_id)];
      const counted = conversation.apart === true ? large.get(_id) : positions;
      const lastReach = reachOf(conversation, counted, lastMessage);
      return { positions, lastMessage, lastReach, unread: unread.get(_id) ?? 0 };
    };
  }

  async #findPreviews(
    viewer: UserId,
    { conversations, positions, lastMessages }: Shown,
  ): Promise<Map<ConversationId, MessageRecord | undefined>> {
    const { blocks, previews } = this.#parts.sight;
    const byId = new Map(lastMessages.map((message) => [message._id, message]));
    const { set: blocked } = await blocks.of(viewer);
    return previews.find(
      conversations.map((conversation) => {
        const { _id: conversationId, type, lastMessageId } = conversation;
        const own = positions.get(conversationId)?.get(viewer);
        const { visibleFromSeq: firstSeq } = ownFields(conversation, own, this.#parts.time.now());
        return {
          conversation,
          newest: lastMessageId && byId.get(lastMessageId),
          sight: { userId: viewer, conversationId, type, firstSeq, blocked },
          lastHiddenSeq: own?.lastHiddenSeq ?? 0,
        };
      }),
    );
  }

  /** Opened by somebody whom nobody else is to hear of, or in the moment of a block: nothing was said in it. */
  #isUnborn(
    viewer: UserId,
    { type, messageCount, createdBy, blockedBy, closedBy }: ConversationRecord,
  ): boolean {
    if (type !== 'direct' || messageCount > 0 || closedBy !== undefined) return false;
    return (
      blockedBy.length > 0 || (createdBy !== viewer && this.#parts.sight.atCommit.isRestricted(createdBy))
    );
  }

  /**
   * What was read may name a newest message from behind a control entry that is not applied to the list of members yet:
   * then the log says whether the viewer is still in.
   */
  async #stillMine(
    viewer: UserId,
    conversations: readonly ConversationRecord[],
  ): Promise<readonly ConversationRecord[]> {
    const doubtful = conversations.filter(({ tailControl, control }) => tailControl > control);
    const open = conversations.filter((one) => doubtful.includes(one) || one.closedBy === undefined);
    if (doubtful.length === 0) return open;
    const { memberships } = this.#parts;
    const known = await memberships.currentOf(doubtful.map(({ _id }) => _id));
    const lost = await Promise.all(
      doubtful.map(async ({ _id }) => {
        const membership = known.get(_id);
        if (membership === undefined || membership.closedBy !== undefined) return [_id];
        const facts = await memberships.complete(membership, [viewer]);
        return facts.has(viewer) && !membership.gone.has(viewer) ? [] : [_id];
      }),
    );
    const gone = new Set(lost.flat());
    return open.filter(({ _id }) => !gone.has(_id));
  }

  async presentOne(viewer: UserId, stored: ConversationRecord): Promise<ConversationView> {
    const [view] = await this.present(viewer, [stored]);
    if (view === undefined) throw notParticipant();
    return view;
  }
}
