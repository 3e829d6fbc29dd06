import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import { notParticipant } from '../../utils/appError.js';
import type { Decision, Judged } from '../commitLog/entry.js';
import type { ControlLog } from '../controlLog.js';
import { othersIn } from '../membership/membership.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import { blocked, forbidden } from '../membership/rules.js';
import type { PairNews } from './pairNews.js';

interface MatchParts {
  memberships: MembershipStore;
  controlLog: ControlLog;
  news: PairNews;
}

/** Who asks for a closed conversation again. */
export interface Reopener {
  userId: UserId;
  /** The app's backend, or a moderator: they may whoever has closed it. */
  isTrusted: boolean;
  originSocketId?: string | undefined;
}

/** Closes direct conversations, and opens them again: there is never a second one of a pair. */
export class MatchService {
  readonly #parts: MatchParts;

  constructor(parts: MatchParts) {
    this.#parts = parts;
  }

  /**
   * Closes a direct conversation for both: nothing is sent, read or listed any more. It is kept for moderation. One
   * that is closed stays closed.
   *
   * @throws AppError `NOT_PARTICIPANT`, `FORBIDDEN` for a group or channel.
   */
  async unmatch(caller: UserId, conversationId: ConversationId): Promise<void> {
    const { memberships, controlLog, news } = this.#parts;
    const membership = await memberships.current(conversationId);
    if (membership === undefined) throw notParticipant();
    const facts = await memberships.complete(membership, [caller]);
    const refusal = refusalOfUnmatch({ membership, facts }, caller);
    if (refusal !== undefined) throw refusal;
    const decide = (judged: Judged): Decision => {
      const refused = refusalOfUnmatch(judged, caller);
      if (refused !== undefined) return { refusal: refused };
      return judged.membership.closedBy === undefined ? { action: { type: 'unmatched' } } : 'nothing';
    };
    const committed = await controlLog.commit({ conversationId, caller, decide });
    if (committed === undefined) return;
    const both = [caller, ...othersIn(membership, caller)];
    news.tellClosed(conversationId, committed.message.seq, both);
  }

  /**
   * Opens a closed conversation again, its history with it, for whoever has closed it.
   *
   * @returns false when it was open. @throws AppError `BLOCKED` for the other one.
   */
  async reopen(
    record: ConversationRecord,
    { userId, isTrusted, originSocketId }: Reopener,
  ): Promise<boolean> {
    const { memberships, controlLog, news } = this.#parts;
    const conversationId = record.mergedInto ?? record._id;
    const membership = await memberships.current(conversationId);
    if (membership?.closedBy === undefined) return false;
    const decide = ({ membership: { closedBy } }: Judged): Decision => {
      if (closedBy === undefined) return 'nothing';
      return closedBy === userId || isTrusted ? { action: { type: 'reopened' } } : { refusal: blocked() };
    };
    const committed = await controlLog.commit({ conversationId, caller: userId, decide, originSocketId });
    if (committed === undefined) return false;
    await news.tellReopened(conversationId, record.participants, originSocketId);
    return true;
  }
}

function refusalOfUnmatch({ membership, facts }: Judged, caller: UserId) {
  if (!facts.has(caller) || membership.gone.has(caller)) return notParticipant();
  return membership.type === 'direct' ? undefined : forbidden('Only direct conversations can be unmatched.');
}
