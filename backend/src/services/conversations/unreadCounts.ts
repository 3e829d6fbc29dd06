import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { LargeConversations, LargeRead } from './largeConversations.js';
import type { DatabaseTime, Lookups } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import {
  type MembershipStore,
  type MembershipWriter,
  isOutside,
  withFacts,
  isValid,
} from '../membership/index.js';
import { isListed, isMuted, type MemberSettings } from '../views/index.js';
import { effectivePosition, type Positions } from '../positions/index.js';
import type { ViewerRules } from '../visibility/index.js';

interface UnreadDeps {
  lookups: Lookups;
  members: Pick<MemberModel, 'findByUser'>;
  largeConversations: LargeConversations;
  viewerRules: Pick<ViewerRules, 'redactedCounts'>;
  summaries: Pick<Summaries, 'overlay' | 'unreadFor'>;
  memberships: Pick<MembershipStore, 'peek'>;
  membershipWriter: Pick<MembershipWriter, 'owedTo'>;
  time: DatabaseTime;
}

/** A conversation with unread messages, or one that the user has marked as unread. */
export interface Unread {
  conversation: ConversationRecord;
  count: number;
  isMuted: boolean;
}

export interface UnreadTotals {
  /** Unread messages in conversations that are not muted. */
  totalUnread: number;
  /** Unread messages in muted conversations. */
  mutedUnread: number;
  /** Number of conversations that are unread or marked as unread, without muted ones. */
  unreadConversations: number;
}

/** Users with more candidates than this have their positions read in one range, not through the shared lookups. */
const MAX_SHARED_LOOKUP = 200;

/**
 * Counts what a user has not read, over all conversations. All badges use it. Examines only conversations that may have
 * unread messages (`maybeUnread`, a superset), large groups and channels, and conversations marked as unread.
 */
export class UnreadCounts {
  readonly #deps: UnreadDeps;

  constructor(deps: UnreadDeps) {
    this.#deps = deps;
  }

  /** @param large the user's large groups during this command, if other lists are read at the same time. */
  async totals(userId: UserId, large?: LargeRead): Promise<UnreadTotals> {
    const unread = await this.find(userId, large);
    const sum = (some: readonly Unread[]): number => some.reduce((total, { count }) => total + count, 0);
    const unmuted = unread.filter((one) => !one.isMuted);
    return {
      totalUnread: sum(unmuted),
      mutedUnread: sum(unread.filter((one) => one.isMuted)),
      unreadConversations: unmuted.length,
    };
  }

  /** Returns all conversations of a user that are unread. @param large as for `totals`. */
  async find(userId: UserId, large = this.#deps.largeConversations.of(userId)): Promise<Unread[]> {
    const { lookups, summaries, membershipWriter } = this.#deps;
    // Read first: writes that finish after this line are visible to the reads below.
    const unwritten = [...summaries.unreadFor(userId), ...membershipWriter.owedTo(userId)];
    const { found, large: besides } = await large.withLarge(() =>
      Promise.all([lookups.maybeUnread.load([userId]), lookups.marked.load([userId])]),
    );
    const [stored, marked] = found;
    const known = new Set([...stored, ...besides].map(({ _id }) => _id));
    const others = [...unwritten, ...marked.map(({ conversationId }) => conversationId)];
    const missing = await lookups.conversations.load(others.filter((id) => !known.has(id)));
    const byId = new Map([...stored, ...missing, ...besides].map((record) => [record._id, record]));
    // The superset may include conversations that the user has left. Invalid conversations are never shown.
    const candidates = [...byId.values()]
      .map((record) => summaries.overlay(record))
      .filter((record) => isValid(record) && this.#isIn(userId, record));
    return this.#count(userId, candidates);
  }

  /**
   * True when the user is a member. For large groups without a cached membership, `#count` checks the member
   * document.
   */
  #isIn(userId: UserId, { _id, apart, participants, control }: ConversationRecord): boolean {
    if (apart !== true) return participants.includes(userId);
    const membership = this.#deps.memberships.peek(_id);
    return membership === undefined || membership.control < control || !isOutside(membership, userId);
  }

  /** Reads positions after the message counts, so that the user's own messages are never counted as unread. */
  async #count(userId: UserId, candidates: readonly ConversationRecord[]): Promise<Unread[]> {
    const own = await this.#memberSettings(userId, candidates);
    const now = this.#deps.time.now();
    const listed = candidates.flatMap((conversation) => {
      const membership = this.#deps.memberships.peek(conversation._id);
      const settings = withFacts(own.get(conversation._id), membership, userId);
      if (!isListed(conversation, settings)) return [];
      // Large groups have no list of members: without a member document the user is not in it.
      if (conversation.apart === true && settings === undefined) return [];
      const positions: Positions = settings === undefined ? NO_POSITIONS : new Map([[userId, settings]]);
      return [{ conversation, settings, reached: effectivePosition(conversation, positions, userId) }];
    });
    const counts = await this.#deps.viewerRules.redactedCounts.unread(userId, listed);
    return listed.flatMap(({ conversation, settings }) => {
      const count = counts.get(conversation._id) ?? 0;
      if (count === 0 && settings?.markedUnread !== true) return [];
      return [{ conversation, count, isMuted: isMuted(settings, now) }];
    });
  }

  /** Loads the user's own member documents of these conversations. */
  async #memberSettings(
    userId: UserId,
    candidates: readonly ConversationRecord[],
  ): Promise<ReadonlyMap<ConversationId, MemberSettings & MemberRecord>> {
    const { lookups, members } = this.#deps;
    const idsOf = (some: readonly ConversationRecord[]) => some.map(({ _id }) => _id);
    const direct = idsOf(candidates.filter(({ type }) => type === 'direct'));
    const groups = idsOf(candidates.filter(({ type }) => type !== 'direct'));
    const found =
      candidates.length > MAX_SHARED_LOOKUP
        ? await members.findByUser(userId, idsOf(candidates))
        : (await Promise.all([lookups.positions.load(direct), members.findByUser(userId, groups)])).flat();
    return new Map(
      found.filter((member) => member.userId === userId).map((member) => [member.conversationId, member]),
    );
  }
}

const NO_POSITIONS: Positions = new Map();
