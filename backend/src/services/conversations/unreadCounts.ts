import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { OverviewRead, Overviews, OwnDocuments } from './overview.js';
import type { DatabaseTime, Lookups } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import {
  type MembershipStore,
  type MembershipWriter,
  isOutside,
  withFacts,
  isValid,
} from '../membership/index.js';
import { isListed, isMuted } from '../views/index.js';
import { effectivePosition, NO_POSITIONS, type Positions } from '../positions/index.js';
import type { ViewerRules } from '../visibility/index.js';

interface UnreadDeps {
  lookups: Lookups;
  members: Pick<MemberModel, 'findByUser'>;
  overviews: Overviews;
  viewerRules: Pick<ViewerRules, 'redactedCounts'>;
  summaries: Pick<Summaries, 'overlay' | 'owedTo' | 'unreadFor'>;
  memberships: Pick<MembershipStore, 'peek'>;
  membershipWriter: Pick<MembershipWriter, 'owedTo'>;
  time: DatabaseTime;
}

/** A conversation with unread messages, or one that the user has marked as unread. */
export interface Unread {
  conversation: ConversationRecord;
  count: number;
  /** Position up to which the user has read it. */
  readSeq: number;
  isMuted: boolean;
}

/** Conversations that may be unread, and the own documents that are known. */
interface Candidates {
  records: ReadonlyMap<ConversationId, ConversationRecord>;
  /** `undefined` stands for a user without a document. */
  known: ReadonlyMap<ConversationId, MemberRecord | undefined>;
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

  /** @param overview the user's documents during this command, if other lists are read at the same time. */
  async totals(userId: UserId, overview?: OverviewRead): Promise<UnreadTotals> {
    const unread = await this.find(userId, overview);
    const sum = (some: readonly Unread[]): number => some.reduce((total, { count }) => total + count, 0);
    const unmuted = unread.filter((one) => !one.isMuted);
    return {
      totalUnread: sum(unmuted),
      mutedUnread: sum(unread.filter((one) => one.isMuted)),
      unreadConversations: unmuted.length,
    };
  }

  /** Returns all conversations of a user that are unread. @param overview as for `totals`. */
  async find(userId: UserId, overview = this.#deps.overviews.of(userId)): Promise<Unread[]> {
    const { lookups, summaries, membershipWriter } = this.#deps;
    // Read first: writes that finish after this line are visible to the reads below.
    const unwritten = [
      ...summaries.unreadFor(userId),
      ...summaries.owedTo(userId).map(({ _id }) => _id),
      ...membershipWriter.owedTo(userId),
    ];
    const { unread: kept } = overview;
    const { found, large, own } = await overview.withLarge(() =>
      kept === undefined
        ? lookups.maybeUnread.load([userId])
        : overview.conversationsChanged().then(({ all }) => all),
    );
    const isKeptUsable = kept === undefined || own.changed !== undefined;
    if (found === undefined || !isKeptUsable) return this.find(userId, this.#deps.overviews.fresh(userId));
    const candidates = toCandidates([...found, ...large], { kept, own });
    const { records } = candidates;
    const marked = [...own.flagged.values()].filter((one) => one.markedUnread === true);
    const others = [...unwritten, ...marked.map(({ conversationId }) => conversationId)];
    const missing = await lookups.conversations.load(others.filter((id) => !records.has(id)));
    const all = new Map([...records, ...missing.map((record) => [record._id, record] as const)]);
    // The superset may include conversations that the user has left. Invalid conversations are never shown.
    const checked = [...all.values()]
      .map((record) => summaries.overlay(record))
      .filter((record) => isValid(record) && this.#isIn(userId, record));
    const { unread, documents } = await this.#count(userId, checked, {
      known: candidates.known,
      rangeCounts: overview.rangeCounts,
    });
    await overview.keep(
      own,
      unread
        .filter(({ conversation }) => conversation.apart !== true)
        .map(({ conversation }) => ({ conversation, own: documents.get(conversation._id) })),
    );
    return unread;
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
  async #count(
    userId: UserId,
    candidates: readonly ConversationRecord[],
    { known, rangeCounts }: Pick<Candidates, 'known'> & Pick<OverviewRead, 'rangeCounts'>,
  ): Promise<{ unread: Unread[]; documents: ReadonlyMap<ConversationId, MemberRecord> }> {
    const documents = await this.#ownDocuments(userId, candidates, known);
    const now = this.#deps.time.now();
    const listed = candidates.flatMap((conversation) => {
      const membership = this.#deps.memberships.peek(conversation._id);
      const settings = withFacts(documents.get(conversation._id), membership, userId);
      if (!isListed(conversation, settings)) return [];
      // Large groups have no list of members: without a member document the user is not in it.
      if (conversation.apart === true && settings === undefined) return [];
      const positions: Positions = settings === undefined ? NO_POSITIONS : new Map([[userId, settings]]);
      return [{ conversation, settings, reached: effectivePosition(conversation, positions, userId) }];
    });
    const counts = await this.#deps.viewerRules.redactedCounts.unread(userId, listed, rangeCounts);
    const unread = listed.flatMap(({ conversation, settings, reached }) => {
      const count = counts.get(conversation._id) ?? 0;
      if (count === 0 && settings?.markedUnread !== true) return [];
      return [{ conversation, count, readSeq: reached.readSeq, isMuted: isMuted(settings, now) }];
    });
    return { unread, documents };
  }

  /** Returns the user's own member documents of these conversations, and loads those that are not known. */
  async #ownDocuments(
    userId: UserId,
    candidates: readonly ConversationRecord[],
    known: Candidates['known'],
  ): Promise<ReadonlyMap<ConversationId, MemberRecord>> {
    const { lookups, members } = this.#deps;
    const unknown = candidates.filter(({ _id }) => !known.has(_id));
    const idsOf = (some: readonly ConversationRecord[]) => some.map(({ _id }) => _id);
    const direct = idsOf(unknown.filter(({ type }) => type === 'direct'));
    const groups = idsOf(unknown.filter(({ type }) => type !== 'direct'));
    const found =
      unknown.length > MAX_SHARED_LOOKUP
        ? await members.findByUser(userId, idsOf(unknown))
        : (await Promise.all([lookups.positions.load(direct), members.findByUser(userId, groups)])).flat();
    const documents = new Map<ConversationId, MemberRecord>();
    for (const [id, member] of known) if (member !== undefined) documents.set(id, member);
    for (const member of found) if (member.userId === userId) documents.set(member.conversationId, member);
    return documents;
  }
}

/**
 * Returns the kept candidates with everything that was read since. Documents that did not change are known, and of the
 * others those that were read now. In groups a sender's position is stored before the count of their message, so the
 * document has to be read after the conversation: it is known only if the conversation did not change.
 */
function toCandidates(
  read: readonly ConversationRecord[],
  { kept = [], own }: { kept: OverviewRead['unread']; own: OwnDocuments },
): Candidates {
  const records = new Map(
    [...kept.map(({ conversation }) => conversation), ...read].map((one) => [one._id, one]),
  );
  const known = new Map<ConversationId, MemberRecord | undefined>();
  for (const { conversation, own: document } of kept) known.set(conversation._id, document);
  for (const one of [...own.flagged.values(), ...(own.changed ?? [])]) known.set(one.conversationId, one);
  for (const { _id, type } of read) if (type !== 'direct') known.delete(_id);
  return { records, known };
}
