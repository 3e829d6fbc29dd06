import type { Action, Role, UserId } from '../../../../contract/index.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Decision } from '../commitLog/index.js';
import {
  type LogState,
  maxMembers,
  type MemberFacts,
  type Membership,
  forbidden,
  mayAs,
  requireInside,
  Sealed,
  type Right,
} from '../membership/index.js';

/*
 * Decisions on membership requests. Each `decide…` returns a function that the event log calls once per attempt, with
 * the members as of the position where the entry would be stored.
 */

const tooManyMembers = (max: number): AppError =>
  new AppError('LIMIT_EXCEEDED', `This conversation may have ${max} members at most.`, {
    details: [{ path: 'userIds', rule: `at most ${max} members in all` }],
  });

/** Returns the caller's facts if their role includes a right in this group or channel, otherwise the refusal. */
function requireRight(state: LogState, caller: UserId, right: Right): MemberFacts | AppError {
  const own = requireInside(state, caller);
  if (own instanceof AppError) return own;
  if (state.membership.type === 'direct')
    return forbidden('The members of a direct conversation cannot be changed.');
  return mayAs(own.role, right) ? own : forbidden(`As ${own.role} you may not do this here.`);
}

const isMember = ({ membership, facts }: LogState, userId: UserId): boolean =>
  facts.has(userId) && !membership.gone.has(userId);

/** Returns those of these users who are no members yet; none if the caller may not add members. */
export function newcomersAmong(state: LogState, caller: UserId, userIds: readonly UserId[]): UserId[] {
  if (requireRight(state, caller, 'addMembers') instanceof AppError) return [];
  return [...new Set(userIds)].filter((userId) => !isMember(state, userId));
}

/** Creates the first entry of a group. A repeated creation finds that entry and does nothing. */
export const decideCreate =
  (action: Action & { type: 'created' }) =>
  ({ membership }: LogState): Decision =>
    membership.control > 0 ? 'nothing' : { action };

export const decideAdd =
  (caller: UserId, userIds: readonly UserId[]) =>
  (state: LogState): Decision => {
    const own = requireRight(state, caller, 'addMembers');
    if (own instanceof AppError) return { refusal: own };
    const newcomers = newcomersAmong(state, caller, userIds);
    if (newcomers.length === 0) return 'nothing';
    const refusal = refusalOfSize(state.membership, newcomers.length);
    return refusal === undefined ? { action: { type: 'added', userIds: newcomers } } : { refusal };
  };

const refusalOfSize = ({ type, memberCount }: Membership, more: number): AppError | undefined => {
  const max = maxMembers(type);
  return memberCount + more > max ? tooManyMembers(max) : undefined;
};

/** Owners may remove every member, admins only members without a role. */
export const decideRemove =
  (caller: UserId, userId: UserId) =>
  (state: LogState): Decision => {
    const own = requireRight(state, caller, 'removeMembers');
    if (own instanceof AppError) return { refusal: own };
    if (!isMember(state, userId)) return 'nothing';
    if (userId === caller) return { refusal: forbidden('Leave the conversation instead.') };
    const { role } = state.facts.get(userId) ?? { role: 'member' };
    if (role === 'owner' || (role === 'admin' && own.role !== 'owner')) {
      return { refusal: forbidden(`As ${own.role} you may not remove the ${role}.`) };
    }
    return { action: { type: 'removed', userIds: [userId] } };
  };

export const decideJoin =
  (caller: UserId) =>
  (state: LogState): Decision => {
    const { membership } = state;
    if (membership.sealedInto !== undefined) return { refusal: new Sealed(membership.sealedInto) };
    if (isMember(state, caller)) return 'nothing';
    if (membership.type === 'direct' || !membership.open) return { refusal: notParticipant() };
    const refusal = refusalOfSize(membership, 1);
    return refusal === undefined ? { action: { type: 'joined' } } : { refusal };
  };

/**
 * @param candidates possible next owners of a channel, best first: not all members of a channel are in memory.
 */
export const decideLeave =
  (caller: UserId, candidates: readonly UserId[]) =>
  (state: LogState): Decision => {
    const own = requireInside(state, caller);
    if (own instanceof AppError) return { refusal: own };
    const { type, memberCount } = state.membership;
    if (type === 'direct') return { refusal: forbidden('A direct conversation cannot be left.') };
    if (own.role !== 'owner' || memberCount === 1) return { action: { type: 'left' } };
    const successor = candidates.find((userId) => isMember(state, userId)) ?? successorOf(state, caller);
    if (successor !== undefined) return { action: { type: 'left', successor } };
    return {
      refusal: new AppError('UNAVAILABLE', 'No member was found to become the next owner; ask again.', {
        retryAfterMs: 200,
      }),
    };
  };

/** Returns the next owner: the admin who joined first, else the member who joined first. */
function successorOf({ facts }: LogState, caller: UserId): UserId | undefined {
  const rank = ({ role }: MemberFacts): number => (role === 'admin' ? 0 : 1);
  const [next] = [...facts]
    .filter(([userId]) => userId !== caller)
    .sort(([, a], [, b]) => rank(a) - rank(b) || a.joinedSeq - b.joinedSeq);
  return next?.[0];
}

export const decideRole =
  (caller: UserId, { userId, role }: { userId: UserId; role: Role }) =>
  (state: LogState): Decision => {
    const own = requireRight(state, caller, 'changeRoles');
    if (own instanceof AppError) return { refusal: own };
    if (!isMember(state, userId)) {
      return { refusal: new AppError('NOT_FOUND', 'There is no such member in this conversation.') };
    }
    if (state.facts.get(userId)?.role === role) return 'nothing';
    if (userId === caller) return { refusal: forbidden('Make another member the owner first.') };
    return { action: { type: 'role', userId, role } };
  };

/** Changes a group's name, picture or rules. */
export const decideChange =
  (caller: UserId, action: Action & { type: 'renamed' | 'avatar' | 'settings' }) =>
  (state: LogState): Decision => {
    const own = requireRight(state, caller, 'changeGroup');
    if (own instanceof AppError) return { refusal: own };
    return isSet(state.membership, action) ? 'nothing' : { action };
  };

function isSet(
  membership: Membership,
  action: Action & { type: 'renamed' | 'avatar' | 'settings' },
): boolean {
  if (action.type === 'renamed') return membership.name === action.name;
  if (action.type === 'avatar') return membership.avatar === action.avatar;
  return (
    (action.history ?? membership.history) === membership.history &&
    (action.open ?? membership.open) === membership.open
  );
}
