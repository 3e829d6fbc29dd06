import { SYSTEM_USER_ID, type ConversationId, type UserId } from '../../../../contract/index.js';
import { notParticipant } from '../../utils/appError.js';
import { Sealed, SYSTEM_FACTS } from './rules.js';
import { visibleFrom, type MemberFacts, type Membership } from './membership.js';
import type { MembershipStore } from './membershipStore.js';

/** A member's view of a conversation: its membership, and the part of the log that the member may see. */
export interface MemberAccess {
  membership: Membership;
  facts: MemberFacts;
  /** The first `seq` that the member may see. */
  visibleFromSeq: number;
}

/** Ephemeral commands (typing, positions) are checked against a membership that is at most this old, in ms. */
const RECENT_MS = 1_000;

/**
 * Checks that users are members. Rights inside a conversation are checked per entry of its log (`membership/rules.ts`).
 */
export class Access {
  constructor(readonly memberships: MembershipStore) {}

  /**
   * Returns a user's access to a conversation according to the end of its log.
   *
   * @throws AppError `NOT_PARTICIPANT` when the user is no member, or the conversation is closed or does not exist;
   * `Sealed`, for members only, when it continues in another one (`commands/followRedirects.ts` follows it).
   */
  async requireMember(userId: UserId, id: ConversationId): Promise<MemberAccess> {
    return this.requireMemberIn(userId, await this.memberships.current(id));
  }

  /**
   * As `requireMember`, for a caller who has just read the end of the log.
   *
   * @param end.control `seq` of the last membership event as of that end; undefined when nothing was read.
   * @param end.readAtMs time before it was read (monotonic, ms).
   * @throws the same.
   */
  async requireMemberAsOf(
    userId: UserId,
    id: ConversationId,
    { control, readAtMs }: { control: number | undefined; readAtMs: number },
  ): Promise<MemberAccess> {
    return this.requireMemberIn(userId, await this.memberships.asOf(id, control, readAtMs));
  }

  /** As `requireMember`, by a membership that is at most a second old: for ephemeral commands. @throws the same. */
  async requireRecentMember(userId: UserId, id: ConversationId): Promise<MemberAccess> {
    return this.requireMemberIn(userId, await this.memberships.recent(id, RECENT_MS));
  }

  /** True when a user is a member according to the membership held in memory, however old. Needs no query. */
  wasMember(userId: UserId, id: ConversationId): boolean {
    const held = this.memberships.peek(id);
    return held !== undefined && (userId === SYSTEM_USER_ID || held.members.has(userId));
  }

  /** Returns those of these users who are members according to a membership that was just read. */
  async membersAmong(membership: Membership, userIds: readonly UserId[]): Promise<UserId[]> {
    const facts = await this.memberships.complete(membership, userIds);
    return userIds.filter((userId) => facts.has(userId) && !membership.gone.has(userId));
  }

  /** As `requireMember`, in a membership that was just read. @throws the same. */
  async requireMemberIn(userId: UserId, membership: Membership | undefined): Promise<MemberAccess> {
    if (membership === undefined) throw notParticipant();
    if (userId === SYSTEM_USER_ID) return requireSystemAccess(membership);
    const isClosed = membership.closedBy !== undefined && membership.sealedInto === undefined;
    if (isClosed) throw notParticipant();
    const facts = (await this.memberships.complete(membership, [userId])).get(userId);
    if (facts === undefined || membership.gone.has(userId)) throw notParticipant();
    if (membership.sealedInto !== undefined) throw new Sealed(membership.sealedInto);
    return { membership, facts, visibleFromSeq: visibleFrom(membership, facts) };
  }
}

/** The app's backend reads every conversation, closed ones too. @throws `Sealed`. */
function requireSystemAccess(membership: Membership): MemberAccess {
  if (membership.sealedInto !== undefined) throw new Sealed(membership.sealedInto);
  return { membership, facts: SYSTEM_FACTS, visibleFromSeq: 1 };
}
