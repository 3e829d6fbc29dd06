import type { Action, ConversationId, HistoryMode, Role, UserId } from '../../../../contract/index.js';
import { LIMITS } from '../../../../contract/index.js';

/** A member as the log has it. */
export interface MemberFacts {
  role: Role;
  /** The entry that let them in; 0 in a direct conversation. */
  joinedSeq: number;
}

/**
 * Who is in a conversation and what may happen in it, as of one place of its log: folded from its control entries, and
 * never changed in place. Whoever holds one knows by `control` whether it is still the newest.
 */
export interface Membership {
  readonly conversationId: ConversationId;
  readonly type: 'direct' | 'group' | 'channel';
  /** The last control entry that is folded in; 0 for none. */
  readonly control: number;
  /**
   * Members by id. Of a channel only those whom the fold has met since it was read; of the others the
   * stored documents speak (`MembershipStore.complete`).
   */
  readonly members: ReadonlyMap<UserId, MemberFacts>;
  /** Whom the fold has seen leave, of a channel. */
  readonly gone: ReadonlySet<UserId>;
  readonly isApart: boolean;
  readonly memberCount: number;
  readonly removalSeq: number;
  readonly name: string | undefined;
  readonly avatar: string | undefined;
  readonly history: HistoryMode;
  readonly open: boolean;
  /** Of a direct one: who closed it, and who of the two blocks the other. */
  readonly closedBy: UserId | undefined;
  readonly blockedBy: ReadonlySet<UserId>;
  /** The log has ended: everything goes on in that conversation. */
  readonly sealedInto: ConversationId | undefined;
}

/** A control entry, as far as the fold needs it. */
export interface ControlEntry {
  seq: number;
  senderId: UserId;
  action: Action;
}

/** Who was in a conversation before an entry and is not behind it, and who is new. */
export interface MembershipChange {
  joined: readonly UserId[];
  gone: readonly UserId[];
}

/** Of a conversation that is not there, or that nobody can be told of. */
export const nobodyIn = (conversationId: ConversationId): Membership => ({
  ...{ conversationId, type: 'direct', control: 0, members: new Map(), gone: new Set(), isApart: false },
  ...{ memberCount: 0, removalSeq: 0, name: undefined, avatar: undefined, history: 'all', open: false },
  ...{ closedBy: undefined, blockedBy: new Set(), sealedInto: undefined },
});

/** Above `small` members a group has nobody's list in it; below `backToSmall` it has again. Channels never have. */
export function livesApart(type: Membership['type'], memberCount: number, isApart: boolean): boolean {
  if (type === 'direct') return false;
  if (type === 'channel') return true;
  return memberCount > LIMITS.sizes.small || (isApart && memberCount >= LIMITS.sizes.backToSmall);
}

/** How many members a conversation may have. */
export const maxMembers = (type: Membership['type']): number =>
  type === 'direct' ? LIMITS.sizes.direct : type === 'group' ? LIMITS.sizes.large : Infinity;

/** The conversation behind one more control entry; an older one than it has seen changes nothing. */
export function fold(before: Membership, entry: ControlEntry): Membership {
  if (entry.seq <= before.control) return before;
  const after = applyAction({ ...before, control: entry.seq }, entry);
  const isApart = livesApart(after.type, after.memberCount, before.isApart);
  return { ...after, isApart };
}

function applyAction(state: Membership, { seq, senderId, action }: ControlEntry): Membership {
  switch (action.type) {
    case 'created': {
      const members = action.members.map(({ userId, role }) => [userId, { role, joinedSeq: seq }] as const);
      const { name, avatar, history, open } = action;
      return { ...admit(state, members), name, avatar, history, open };
    }
    case 'added':
      return admit(
        state,
        action.userIds.map((userId) => [userId, { role: 'member', joinedSeq: seq }]),
      );
    case 'joined':
      return admit(state, [[senderId, { role: 'member', joinedSeq: seq }]]);
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
 * Of a channel the facts are completed from the stored documents before an entry is judged; who reads of it in the log
 * learns of the role, and takes the entry itself for the first that they have seen.
 */
function setRole(state: Membership, userId: UserId, role: Role): Membership {
  const isUnknown = state.type === 'channel' && role !== 'member' && !state.gone.has(userId);
  const facts = state.members.get(userId) ?? (isUnknown ? { role, joinedSeq: state.control } : undefined);
  if (facts === undefined) return state;
  return { ...state, members: new Map(state.members).set(userId, { ...facts, role }) };
}

/** Who joined and who left by an entry. The judge of the entry has made sure that nobody is named without need. */
export function changeOf({ senderId, action }: Pick<ControlEntry, 'senderId' | 'action'>): MembershipChange {
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

/** Whether history shows an entry; whom a channel gains or loses, or who blocks whom, is nobody's business. */
export function isSilent(type: Membership['type'], action: Action): boolean {
  if (type === 'channel') return !['created', 'renamed', 'avatar'].includes(action.type);
  return !['created', 'added', 'joined', 'left', 'removed', 'renamed', 'avatar'].includes(action.type);
}

/** The members that are held of a conversation, without one of them. */
export const othersIn = ({ members }: Membership, userId: UserId): UserId[] =>
  [...members.keys()].filter((other) => other !== userId);

/** The first place that a member may see. */
export const visibleFrom = (membership: Membership, facts: MemberFacts): number =>
  membership.type === 'direct' || membership.history === 'all' ? 1 : facts.joinedSeq;
