import type { ConversationId, ConversationView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import { isSound } from './sound.js';
import type { Summaries } from './derived/summaries.js';
import { notParticipant } from '../utils/appError.js';
import type { Lookups } from './lookups.js';
import type { MembershipStore } from './membership/membershipStore.js';
import { effectivePosition, toConversationView, unreadCount, type Positions } from './present.js';
import type { UserDirectory } from './userDirectory.js';

export interface PositionParts {
  lookups: Lookups;
  members: Pick<MemberModel, 'findOwn'>;
}

export interface ViewParts extends PositionParts {
  memberships: MembershipStore;
  users: UserDirectory;
  summaries: Summaries;
}

export interface UnreadTotals {
  /** Of conversations that are not muted. */
  totalUnread: number;
  mutedUnread: number;
  conversations: number;
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

const NOWHERE: Positions = new Map();
/** A user with more candidates than this has them counted apart. */
const MAX_GATHERED = 200;

/** Conversations as one viewer sees them: a page costs one query for each kind of thing, whatever its length. */
export class ConversationViews {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  async present(viewer: UserId, stored: readonly ConversationRecord[]): Promise<ConversationView[]> {
    const { summaries, lookups, users } = this.#parts;
    const conversations = await this.#stillMine(
      viewer,
      stored.map((record) => summaries.overlay(record)),
    );
    const lastIds = conversations.flatMap(({ lastMessageId }) => lastMessageId ?? []);
    const [positions, lastMessages, profiles] = await Promise.all([
      findPositions(this.#parts, viewer, conversations),
      lookups.messages.load(lastIds),
      users.views(conversations.flatMap(({ participants }) => participants)),
    ]);
    const byId = new Map(lastMessages.map((message) => [message._id, message]));
    return conversations.map((conversation) =>
      toConversationView(viewer, {
        conversation,
        positions: positions.get(conversation._id) ?? NOWHERE,
        users: profiles,
        lastMessage: conversation.lastMessageId && byId.get(conversation.lastMessageId),
      }),
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
    if (doubtful.length === 0) return conversations;
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
    return conversations.filter(({ _id }) => !gone.has(_id));
  }

  async presentOne(viewer: UserId, stored: ConversationRecord): Promise<ConversationView> {
    const [view] = await this.present(viewer, [stored]);
    if (view === undefined) throw notParticipant();
    return view;
  }

  /** A user's unread messages over all conversations: looks only at those that may have any. */
  async unreadTotals(userId: UserId): Promise<UnreadTotals> {
    const { lookups, summaries } = this.#parts;
    const unwritten = summaries.unreadFor(userId);
    const stored = await lookups.maybeUnread.load([userId]);
    const known = new Set(stored.map(({ _id }) => _id));
    const more = await lookups.conversations.load(unwritten.filter((id) => !known.has(id)));
    // What is not shown as a chat does not count as unread either.
    const candidates = [...stored, ...more]
      .filter((record) => isSound(record) && record.participants.includes(userId))
      .map((record) => summaries.overlay(record));
    const own = groupPositions(
      await this.#ownPositions(
        userId,
        candidates.map(({ _id }) => _id),
      ),
    );
    const counts = candidates.map((conversation) => {
      const reached = effectivePosition(conversation, own.get(conversation._id) ?? NOWHERE, userId);
      return unreadCount(conversation, reached);
    });
    return {
      totalUnread: counts.reduce((sum, count) => sum + count, 0),
      mutedUnread: 0,
      conversations: counts.filter((count) => count > 0).length,
    };
  }
  /** Of a few conversations together with what others look up; of many, one range over all that the user has. */
  #ownPositions(userId: UserId, ids: readonly ConversationId[]): Promise<MemberRecord[]> {
    const { lookups, members } = this.#parts;
    return ids.length > MAX_GATHERED ? members.findOwn(userId, ids) : lookups.positions.load(ids);
  }
}
