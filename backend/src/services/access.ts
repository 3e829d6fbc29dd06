import type { ConversationId, UserId } from '../../../contract/index.js';
import { notParticipant } from '../utils/appError.js';
import { Sealed } from './membership/rules.js';
import { visibleFrom, type MemberFacts, type Membership } from './membership/membership.js';
import type { MembershipStore } from './membership/membershipStore.js';

/** Where a member stands in a conversation. */
export interface Standing {
  membership: Membership;
  facts: MemberFacts;
  /** The first place that they may see. */
  visibleFromSeq: number;
}

/** What is said in passing (typing, positions) is judged by what was true at most this long ago, in ms. */
const RECENT_MS = 1_000;

/** Who may enter. What may be done inside is decided entry by entry, in the log (`membership/rules.ts`). */
export class Access {
  constructor(readonly memberships: MembershipStore) {}

  /**
   * Where a user stands in a conversation now, as the log has it.
   *
   * @throws AppError `NOT_PARTICIPANT`, whether the conversation is somebody else's, closed, or does not exist;
   * `Sealed`, to its members only, when it goes on elsewhere (`commands/followMoves.ts` goes there).
   */
  async requireMember(userId: UserId, id: ConversationId): Promise<Standing> {
    return this.#standing(userId, await this.memberships.current(id));
  }

  /** The same as of at most a second ago: for what is not stored. @throws AppError `NOT_PARTICIPANT`. */
  async requireRecentMember(userId: UserId, id: ConversationId): Promise<Standing> {
    return this.#standing(userId, await this.memberships.recent(id, RECENT_MS));
  }

  /** Those of these users who are in a conversation, by what was just read of it. */
  async membersAmong(membership: Membership, userIds: readonly UserId[]): Promise<UserId[]> {
    const facts = await this.memberships.complete(membership, userIds);
    return userIds.filter((userId) => facts.has(userId) && !membership.gone.has(userId));
  }

  async #standing(userId: UserId, membership: Membership | undefined): Promise<Standing> {
    if (membership === undefined) throw notParticipant();
    const isClosed = membership.closedBy !== undefined && membership.sealedInto === undefined;
    if (isClosed) throw notParticipant();
    const facts = (await this.memberships.complete(membership, [userId])).get(userId);
    if (facts === undefined || membership.gone.has(userId)) throw notParticipant();
    if (membership.sealedInto !== undefined) throw new Sealed(membership.sealedInto);
    return { membership, facts, visibleFromSeq: visibleFrom(membership, facts) };
  }
}
