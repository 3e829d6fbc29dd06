import type { ConversationId, ConversationView, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { Own } from './ownState.js';
import { notParticipant } from '../utils/appError.js';
import type { Lookups } from './lookups.js';
import type { MembershipStore } from './membership/membershipStore.js';
import { toConversationView, type Positions } from './present.js';
import type { UserDirectory } from './userDirectory.js';

export interface PositionParts {
  lookups: Lookups;
  members: Pick<MemberModel, 'findOwn'>;
}

export interface ViewParts extends PositionParts {
  memberships: MembershipStore;
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

const NOWHERE: Positions = new Map();

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
    const now = this.#parts.time.now();
    return conversations.flatMap((conversation) => {
      const known = positions.get(conversation._id) ?? NOWHERE;
      // Read behind the conversation: if that has seen the viewer leave, this says so.
      const own = known.get(viewer);
      if (own?.leftSeq !== undefined || !keep(conversation, own)) return [];
      const lastMessage = conversation.lastMessageId && byId.get(conversation.lastMessageId);
      return [
        toConversationView(viewer, { conversation, positions: known, users: profiles, lastMessage, now }),
      ];
    });
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
}
