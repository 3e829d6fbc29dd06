import type { Action, ConversationId, HistoryMode, Role, UserId } from '../../../../contract/index.js';
import { LIMITS } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';

/** A member according to the log. */
export interface MemberFacts {
  role: Role;
  /** The `seq` of the entry by which the member joined; 0 in a direct conversation. */
  joinedSeq: number;
  /** Number of counted messages before that entry; set when this process has folded it. */
  joinedN?: number;
  /** Channels only: the role is from an event, but `joinedSeq` is that event's, until the document has been read. */
  isRoleOnly?: true;
}

/**
 * Members and settings of a conversation at one position of its log, folded from its membership events. Immutable; of
 * two versions the one with the higher `control` is newer.
 */
export interface Membership {
  readonly conversationId: ConversationId;
  readonly type: 'direct' | 'group' | 'channel';
  /** The `seq` of the last membership event that is folded in; 0 for none. */
  readonly control: number;
  /**
   * Members by id. For channels, only those named by events since the channel was read; the others are in the stored
   * documents (`MembershipStore.complete`).
   */
  readonly members: ReadonlyMap<UserId, MemberFacts>;
  /** For channels, users who have left by an event that was folded in. */
  readonly gone: ReadonlySet<UserId>;
  readonly isLarge: boolean;
  readonly memberCount: number;
  /** The `seq` of the last event by which a member left or was removed; 0 for none. */
  readonly removalSeq: number;
  readonly name: string | undefined;
  readonly avatar: string | undefined;
  readonly history: HistoryMode;
  readonly open: boolean;
  /** For direct conversations, the user who unmatched the other one. */
  readonly closedBy: UserId | undefined;
  /** For direct conversations, those of the two users who block the other one. */
  readonly blockedBy: ReadonlySet<UserId>;
  /** The conversation in which this one continues, after a merge. */
  readonly sealedInto: ConversationId | undefined;
}

/** The part of a membership event that `fold` needs. */
export interface MembershipEvent {
  seq: number;
  /** Number of counted messages before it. */
  n: number;
  senderId: UserId;
  action: Action;
}

/** Users who are members after an entry but not before it, and the reverse. */
export interface MembershipChange {
  joined: readonly UserId[];
  gone: readonly UserId[];
}

/** Returns a membership without members, for a conversation that does not exist or whose membership is not known. */
export const emptyMembership = (conversationId: ConversationId): Membership => ({
  conversationId,
  type: 'direct',
  control: 0,
  members: new Map(),
  gone: new Set(),
  isLarge: false,
  memberCount: 0,
  removalSeq: 0,
  name: undefined,
  avatar: undefined,
  history: 'all',
  open: false,
  closedBy: undefined,
  blockedBy: new Set(),
  sealedInto: undefined,
});

/**
 * True when the conversation's document does not list its members. A group becomes large above `small` members, and
 * small again below `backToSmall`. Channels are always large.
 */
export function isLargeSize(type: Membership['type'], memberCount: number, isLarge: boolean): boolean {
  if (type === 'direct') return false;
  if (type === 'channel') return true;
  return memberCount > LIMITS.sizes.small || (isLarge && memberCount >= LIMITS.sizes.backToSmall);
}

/** Maximum number of members of a conversation. */
export const maxMembers = (type: Membership['type']): number =>
  type === 'direct' ? LIMITS.sizes.direct : type === 'group' ? LIMITS.sizes.large : Infinity;

/** Returns the membership after one more event. An event that is already folded in changes nothing. */
export function fold(before: Membership, entry: MembershipEvent): Membership {
  if (entry.seq <= before.control) return before;
  const after = applyAction({ ...before, control: entry.seq }, entry);
  const isLarge = isLargeSize(after.type, after.memberCount, before.isLarge);
  return { ...after, isLarge };
}

/**
 * Returns the action that a stored entry applies to the conversation for all members. Undefined for ordinary
 * messages and for shadow entries, except `created`. A group created under a restriction has its creator as the
 * only member, and is not open for joining.
 */
export function effectOf({
  senderId,
  action,
  shadow,
}: Pick<MessageRecord, 'senderId' | 'action' | 'shadow'>): Action | undefined {
  if (shadow !== true || action === undefined) return action;
  if (action.type !== 'created') return undefined;
  return { ...action, members: action.members.filter(({ userId }) => userId === senderId), open: false };
}

/**
 * Returns the membership as the author of shadow entries sees it. Its end of the log and its size class stay as they
 * are for all members.
 */
export function foldShadow(
  base: Membership,
  entries: readonly Pick<MessageRecord, 'seq' | 'n' | 'senderId' | 'action'>[],
): Membership {
  const seen = entries.reduce((state, { seq, n, senderId, action }) => {
    return action === undefined ? state : applyAction(state, { seq, n, senderId, action });
  }, base);
  const { control, removalSeq, isLarge } = base;
  const memberCount = base.memberCount + seen.members.size - base.members.size;
  return { ...seen, control, removalSeq, isLarge, memberCount };
}

function applyAction(state: Membership, { seq, n, senderId, action }: MembershipEvent): Membership {
  switch (action.type) {
    case 'created': {
      const members = action.members.map(
        ({ userId, role }) => [userId, { role, joinedSeq: seq, joinedN: n }] as const,
      );
      const { name, avatar, history, open } = action;
      return { ...admit(state, members), name, avatar, history, open };
    }
    case 'added':
      return admit(
        state,
        action.userIds.map((userId) => [userId, { role: 'member', joinedSeq: seq, joinedN: n }]),
      );
    case 'joined':
      return admit(state, [[senderId, { role: 'member', joinedSeq: seq, joinedN: n }]]);
    case 'left': {
      const left = dismiss(state, [senderId], seq);
      return action.successor === undefined ? left : setRole(left, action.successor, 'owner');
    }
    case 'removed':
      return dismiss(state, action.userIds, seq);
    case 'role': {
      const owned = action.role === 'owner' ? setRole(state, senderId, 'admin') : state;
      return setRole(owned, action.userId, action.role);
    }
    case 'renamed':
      return { ...state, name: action.name };
    case 'avatar':
      return { ...state, avatar: action.avatar };
    case 'settings':
      return { ...state, history: action.history ?? state.history, open: action.open ?? state.open };
    case 'blocked':
      return { ...state, blockedBy: new Set([...state.blockedBy, senderId]) };
    case 'unblocked':
      return { ...state, blockedBy: new Set([...state.blockedBy].filter((userId) => userId !== senderId)) };
    case 'unmatched':
      return { ...state, closedBy: senderId };
    case 'reopened':
      return { ...state, closedBy: undefined };
    case 'sealed':
      return { ...state, sealedInto: action.into as ConversationId };
  }
}

function admit(state: Membership, newcomers: readonly (readonly [UserId, MemberFacts])[]): Membership {
  const members = new Map(state.members);
  const gone = new Set(state.gone);
  for (const [userId, facts] of newcomers) {
    members.set(userId, facts);
    gone.delete(userId);
  }
  return { ...state, members, gone, memberCount: state.memberCount + newcomers.length };
}

function dismiss(state: Membership, userIds: readonly UserId[], seq: number): Membership {
  const members = new Map(state.members);
  const gone = new Set(state.gone);
  for (const userId of userIds) {
    members.delete(userId);
    if (state.type === 'channel') gone.add(userId);
  }
  return { ...state, members, gone, memberCount: state.memberCount - userIds.length, removalSeq: seq };
}

/**
 * For channels, facts are completed from the stored documents before an entry is authorized. A process that reads the
 * entry from the log learns the role only; `MembershipStore.complete` looks up where the member joined.
 */
function setRole(state: Membership, userId: UserId, role: Role): Membership {
  const isUnknown = state.type === 'channel' && role !== 'member' && !state.gone.has(userId);
  const roleOnly = { role, joinedSeq: state.control, isRoleOnly: true } as const;
  const facts = state.members.get(userId) ?? (isUnknown ? roleOnly : undefined);
  if (facts === undefined) return state;
  return { ...state, members: new Map(state.members).set(userId, { ...facts, role }) };
}

/**
 * Returns the users who join and leave by an entry. An entry in the log names only users whose membership it changes.
 */
export function changeOf({
  senderId,
  action,
}: Pick<MembershipEvent, 'senderId' | 'action'>): MembershipChange {
  switch (action.type) {
    case 'created':
      return { joined: action.members.map(({ userId }) => userId), gone: [] };
    case 'added':
      return { joined: action.userIds, gone: [] };
    case 'joined':
      return { joined: [senderId], gone: [] };
    case 'left':
      return { joined: [], gone: [senderId] };
    case 'removed':
      return { joined: [], gone: action.userIds };
    case 'role':
    case 'renamed':
    case 'avatar':
    case 'settings':
    case 'blocked':
    case 'unblocked':
    case 'unmatched':
    case 'reopened':
    case 'sealed':
      return { joined: [], gone: [] };
  }
}

/** True for entries that history does not show: joining and leaving a channel, roles, settings, blocks. */
export function isSilent(type: Membership['type'], action: Action): boolean {
  if (type === 'channel') return !['created', 'renamed', 'avatar'].includes(action.type);
  return !['created', 'added', 'joined', 'left', 'removed', 'renamed', 'avatar'].includes(action.type);
}

/** Returns the members that are held in memory, without one of them. */
export const othersIn = ({ members }: Membership, userId: UserId): UserId[] =>
  [...members.keys()].filter((other) => other !== userId);

/** Returns the first `seq` that a member may see. */
export const visibleFrom = (membership: Membership, facts: MemberFacts): number =>
  membership.type === 'direct' || membership.history === 'all' ? 1 : facts.joinedSeq;
