import type { ConversationId, Role, UserId } from '../../../../contract/index.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Judged, MessageDraft } from '../commitLog/entry.js';
import { visibleFrom, type MemberFacts } from './membership.js';

/** What members of a group or channel may do, by role: the one table of it. */
export const ROLE_RIGHTS = {
  postToChannel: ['owner', 'admin'],
  addMembers: ['owner', 'admin'],
  removeMembers: ['owner', 'admin'],
  changeRoles: ['owner'],
  changeGroup: ['owner', 'admin'],
  deleteOthersMessages: ['owner', 'admin'],
  pinMessages: ['owner', 'admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof ROLE_RIGHTS;

export const mayAs = (role: Role, right: Right): boolean =>
  (ROLE_RIGHTS[right] as readonly Role[]).includes(role);

/** The log has ended: a merge goes on in another conversation. */
export class Sealed extends AppError {
  constructor(readonly into: ConversationId) {
    super('NOT_PARTICIPANT', 'This conversation goes on in another one.');
  }
}

export const forbidden = (what: string): AppError => new AppError('FORBIDDEN', what);

export const blocked = (): AppError => new AppError('BLOCKED', 'One of the two has blocked the other.');

/** The facts of a member as of a place in the log, or why they may not write anything there. */
export function requireInside({ membership, facts }: Judged, userId: UserId): MemberFacts | AppError {
  const own = facts.get(userId);
  if (own === undefined || membership.gone.has(userId)) return notParticipant();
  if (membership.sealedInto !== undefined) return new Sealed(membership.sealedInto);
  return membership.closedBy === undefined ? own : notParticipant();
}

/** Why a message may not go behind the end of a log; undefined if it may. */
export function refusalOfMessage(judged: Judged, draft: MessageDraft, endSeq: number): AppError | undefined {
  const own = requireInside(judged, draft.senderId);
  if (own instanceof AppError) return own;
  const { membership } = judged;
  if (membership.blockedBy.size > 0) return blocked();
  if (membership.type === 'channel' && !mayAs(own.role, 'postToChannel')) {
    return forbidden('In a channel only its owner and admins post.');
  }
  const { replyTo } = draft.body;
  const firstSeq = visibleFrom(membership, own);
  if (replyTo === undefined || (replyTo <= endSeq && replyTo >= firstSeq)) return undefined;
  return new AppError('VALIDATION', 'replyTo names no message of this conversation.', {
    details: [{ path: 'replyTo', rule: `must be from ${firstSeq} to ${endSeq}` }],
  });
}
