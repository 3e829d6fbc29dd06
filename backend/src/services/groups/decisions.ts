import type { Action, Role, UserId } from '../../../../contract/index.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Decision, Judged } from '../commitLog/entry.js';
import { maxMembers, type MemberFacts, type Membership } from '../membership/membership.js';
import { forbidden, mayAs, requireInside, Sealed, type Right } from '../membership/rules.js';

/** What becomes of a wish at one place of the log: asked again at each attempt, by who is in the conversation there. */

const limitExceeded = (most: number): AppError =>
  new AppError('LIMIT_EXCEEDED', `This conversation may have ${most} members at most.`, {
    details: [{ path: 'userIds', rule: `at most ${most} members in all` }],
  });

/** The facts of a caller who has a right in a group or channel, or why they have not. */
function requireRight(judged: Judged, caller: UserId, right: Right): MemberFacts | AppError {
  const own = requireInside(judged, caller);
  if (own instanceof AppError) return own;
  if (judged.membership.type === 'direct')
    return forbidden('A direct conversation has two members for ever.');
  return mayAs(own.role, right) ? own : forbidden(`As ${own.role} you may not do this here.`);
}

const isMember = ({ membership, facts }: Judged, userId: UserId): boolean =>
  facts.has(userId) && !membership.gone.has(userId);

/** The first entry of a group; a second creation finds it there. */
export const decideCreate =
  (action: Action & { type: 'created' }) =>
  ({ membership }: Judged): Decision =>
    membership.control > 0 ? 'nothing' : { action };

export const decideAdd =
  (caller: UserId, userIds: readonly UserId[]) =>
  (judged: Judged): Decision => {
    const own = requireRight(judged, caller, 'addMembers');
    if (own instanceof AppError) return { refusal: own };
    const newcomers = [...new Set(userIds)].filter((userId) => !isMember(judged, userId));
    if (newcomers.length === 0) return 'nothing';
    const full = refusalOfSize(judged.membership, newcomers.length);
    return full === undefined ? { action: { type: 'added', userIds: newcomers } } : { refusal: full };
  };

const refusalOfSize = ({ type, memberCount }: Membership, more: number): AppError | undefined => {
  const most = maxMembers(type);
  return memberCount + more > most ? limitExceeded(most) : undefined;
};

/** Owners remove anybody, admins those without a role. */
export const decideRemove =
  (caller: UserId, userId: UserId) =>
  (judged: Judged): Decision => {
    const own = requireRight(judged, caller, 'removeMembers');
    if (own instanceof AppError) return { refusal: own };
    if (!isMember(judged, userId)) return 'nothing';
    if (userId === caller) return { refusal: forbidden('Leave the conversation instead.') };
    const { role } = judged.facts.get(userId) ?? { role: 'member' };
    if (role === 'owner' || (role === 'admin' && own.role !== 'owner')) {
      return { refusal: forbidden(`As ${own.role} you may not remove the ${role}.`) };
    }
    return { action: { type: 'removed', userIds: [userId] } };
  };

export const decideJoin =
  (caller: UserId) =>
  (judged: Judged): Decision => {
    const { membership } = judged;
    if (membership.sealedInto !== undefined) return { refusal: new Sealed(membership.sealedInto) };
    if (isMember(judged, caller)) return 'nothing';
    if (membership.type === 'direct' || !membership.open) return { refusal: notParticipant() };
    const full = refusalOfSize(membership, 1);
    return full === undefined ? { action: { type: 'joined' } } : { refusal: full };
  };

/**
 * @param candidates who may own a channel next, the first of them first: of a channel not everybody is in memory.
 */
export const decideLeave =
  (caller: UserId, candidates: readonly UserId[]) =>
  (judged: Judged): Decision => {
    const own = requireInside(judged, caller);
    if (own instanceof AppError) return { refusal: own };
    const { type, memberCount } = judged.membership;
    if (type === 'direct') return { refusal: forbidden('A direct conversation has two members for ever.') };
    if (own.role !== 'owner' || memberCount === 1) return { action: { type: 'left' } };
    const successor = candidates.find((userId) => isMember(judged, userId)) ?? successorOf(judged, caller);
    if (successor !== undefined) return { action: { type: 'left', successor } };
    return {
      refusal: new AppError('UNAVAILABLE', 'Nobody could be found to hand this on to; ask again.', {
        retryAfterMs: 200,
      }),
    };
  };

/** The oldest admin, else the oldest member. */
function successorOf({ facts }: Judged, caller: UserId): UserId | undefined {
  const rank = ({ role }: MemberFacts): number => (role === 'admin' ? 0 : 1);
  const [next] = [...facts]
    .filter(([userId]) => userId !== caller)
    .sort(([, a], [, b]) => rank(a) - rank(b) || a.joinedSeq - b.joinedSeq);
  return next?.[0];
}

export const decideRole =
  (caller: UserId, { userId, role }: { userId: UserId; role: Role }) =>
  (judged: Judged): Decision => {
    const own = requireRight(judged, caller, 'changeRoles');
    if (own instanceof AppError) return { refusal: own };
    if (!isMember(judged, userId)) {
      return { refusal: new AppError('NOT_FOUND', 'There is no such member in this conversation.') };
    }
    if (judged.facts.get(userId)?.role === role) return 'nothing';
    if (userId === caller) return { refusal: forbidden('Make somebody else the owner first.') };
    return { action: { type: 'role', userId, role } };
  };

/** One change of a group's name, picture or rules. */
export const decideChange =
  (caller: UserId, action: Action & { type: 'renamed' | 'avatar' | 'settings' }) =>
  (judged: Judged): Decision => {
    const own = requireRight(judged, caller, 'changeGroup');
    if (own instanceof AppError) return { refusal: own };
    return isSet(judged.membership, action) ? 'nothing' : { action };
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
