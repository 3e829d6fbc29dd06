import { SYSTEM_USER_ID, type ConversationId, type UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import { notParticipant } from '../../utils/appError.js';
import type { Decision, MembershipEventLog } from '../commitLog/index.js';
import {
  type LogState,
  type MembershipStore,
  blocked,
  forbidden,
  type Membership,
} from '../membership/index.js';
import type { PairNotifier } from './pairNotifier.js';

interface MatchDeps {
  memberships: MembershipStore;
  membershipEventLog: MembershipEventLog;
  notifier: PairNotifier;
}

/** Request to reopen a closed conversation. */
export interface ReopenRequest {
  userId: UserId;
  /** True for the app's backend and for moderators: they may reopen what others have closed. */
  isTrusted: boolean;
  originSocketId?: string | undefined;
  /** Current membership of the conversation, if the caller has read it. */
  membership?: Promise<Membership | undefined>;
}

/** Closes direct conversations and reopens them. A pair never gets a second conversation. */
export class MatchService {
  readonly #deps: MatchDeps;

  constructor(deps: MatchDeps) {
    this.#deps = deps;
  }

  /**
   * Closes a direct conversation for both users: it can no longer be written, read or listed. It is kept for
   * moderation. Closing it again has no effect.
   *
   * @throws AppError `NOT_PARTICIPANT`, `FORBIDDEN` for a group or channel.
   */
  async unmatch(caller: UserId, conversationId: ConversationId): Promise<void> {
    const { memberships, membershipEventLog, notifier } = this.#deps;
    const membership = await memberships.current(conversationId);
    if (membership === undefined) throw notParticipant();
    const facts = await memberships.complete(membership, [caller]);
    const refusal = refusalOfUnmatch({ membership, facts }, caller);
    if (refusal !== undefined) throw refusal;
    const decide = (state: LogState): Decision => {
      const refused = refusalOfUnmatch(state, caller);
      if (refused !== undefined) return { refusal: refused };
      return state.membership.closedBy === undefined ? { action: { type: 'unmatched' } } : 'nothing';
    };
    const committed = await membershipEventLog.commit({ conversationId, caller, decide });
    if (committed === undefined) return;
    notifier.notifyClosed(conversationId, committed.message.seq, [...membership.members.keys()]);
  }

  /**
   * Reopens a closed conversation with its history, for the user who closed it.
   *
   * @returns false when it was open.
   * @throws AppError `BLOCKED` for the other user.
   */
  async reopen(
    record: ConversationRecord,
    { userId, isTrusted, originSocketId, membership: read }: ReopenRequest,
  ): Promise<boolean> {
    const { memberships, membershipEventLog, notifier } = this.#deps;
    const conversationId = record.mergedInto ?? record._id;
    const known = record.mergedInto === undefined ? read : undefined;
    const membership = await (known ?? memberships.current(conversationId));
    if (membership?.closedBy === undefined) return false;
    const decide = ({ membership: { closedBy } }: LogState): Decision => {
      if (closedBy === undefined) return 'nothing';
      return closedBy === userId || isTrusted ? { action: { type: 'reopened' } } : { refusal: blocked() };
    };
    const committed = await membershipEventLog.commit({
      conversationId,
      caller: userId,
      decide,
      originSocketId,
      isTrusted,
    });
    if (committed === undefined) return false;
    await notifier.notifyReopened(conversationId, record.participants, originSocketId);
    return true;
  }
}

function refusalOfUnmatch({ membership, facts }: LogState, caller: UserId) {
  const isSystem = caller === SYSTEM_USER_ID;
  if (!isSystem && (!facts.has(caller) || membership.gone.has(caller))) return notParticipant();
  return membership.type === 'direct' ? undefined : forbidden('Only direct conversations can be unmatched.');
}
