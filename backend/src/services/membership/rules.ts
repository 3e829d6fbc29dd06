import { SYSTEM_USER_ID, type ConversationId, type Role, type UserId } from '../../../../contract/index.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { LogState } from './logState.js';
import { visibleFrom, type MemberFacts } from './membership.js';

/** Roles that have each right in groups and channels. The only table of it. */
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

/** The conversation was merged into another one: its log accepts no entries any more. */
export class Sealed extends AppError {
  constructor(readonly into: ConversationId) {
    super('NOT_PARTICIPANT', 'This conversation goes on in another one.');
  }
}

export const forbidden = (message: string): AppError => new AppError('FORBIDDEN', message);

export const blocked = (): AppError => new AppError('BLOCKED', 'One of the two has blocked the other.');

/** Rights of the app's backend in every conversation: those of an owner, from the first entry on. */
export const SYSTEM_FACTS: MemberFacts = { role: 'owner', joinedSeq: 0 };

/**
 * Returns the facts of a member at a position of the log, or the error when the user may not write there. The system may
 * write everywhere, also in closed conversations.
 */
export function requireInside({ membership, facts }: LogState, userId: UserId): MemberFacts | AppError {
  if (userId === SYSTEM_USER_ID) {
    return membership.sealedInto === undefined ? SYSTEM_FACTS : new Sealed(membership.sealedInto);
  }
  const member = facts.get(userId);
  if (member === undefined || membership.gone.has(userId)) return notParticipant();
  if (membership.sealedInto !== undefined) return new Sealed(membership.sealedInto);
  return membership.closedBy === undefined ? member : notParticipant();
}

/** Returns the error when a message may not be appended to a log that ends at `endSeq`; undefined if it may. */
export function refusalOfMessage(
  state: LogState,
  draft: { senderId: UserId; body: { replyTo?: number } },
  endSeq: number,
): AppError | undefined {
  const sender = requireInside(state, draft.senderId);
  if (sender instanceof AppError) return sender;
  const { membership } = state;
  if (membership.blockedBy.size > 0) return blocked();
  if (membership.closedBy !== undefined) return forbidden('The conversation is closed.');
  if (membership.type === 'channel' && !mayAs(sender.role, 'postToChannel')) {
    return forbidden('In a channel only its owner and admins post.');
  }
  const { replyTo } = draft.body;
  const firstSeq = visibleFrom(membership, sender);
  if (replyTo === undefined || (replyTo <= endSeq && replyTo >= firstSeq)) return undefined;
  return new AppError('VALIDATION', 'replyTo names no message of this conversation.', {
    details: [{ path: 'replyTo', rule: `must be from ${firstSeq} to ${endSeq}` }],
  });
}
