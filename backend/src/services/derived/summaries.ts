import { SYSTEM_USER_ID, type ConversationId, type UserId } from '../../../../contract/index.js';
import type {
  ConversationModel,
  ConversationRecord,
  ListPosition,
  Summary,
} from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageTrace } from '../../models/messageModel.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import { WriteBehind } from '../../utils/writeBehind.js';
import { isLargeSize, type Membership, type MembershipStore, withMembership } from '../membership/index.js';
import type { WriteWatermark } from '../runtime/index.js';
import { joinSummaries, noteNewest, overlaySummary } from './overlaySummary.js';

interface UnwrittenSummary extends Summary {
  /** The smallest id of a message in it. */
  oldestId: string;
  /** Members whose lists it reorders; empty for large groups and channels, which are found through `members`. */
  userIds: Set<UserId>;
}

interface SummariesDeps {
  conversations: Pick<ConversationModel, 'mergeSummaries'>;
  members: Pick<MemberModel, 'advance'>;
  memberships: Pick<MembershipStore, 'peek'>;
  watermark: WriteWatermark;
  metrics: Metrics;
  logger: Logger;
}

/** Conversations per bulk: bounds how long one write occupies the database. */
const MAX_BULK = 500;
/** Length of the pause after a bulk, in lengths of that bulk: inserts of messages keep most of the database. */
const REST_FACTOR = 4;
/** Messages that follow each other closely share a write. */
const MIN_REST_MS = 50;
const MAX_REST_MS = 500;
/** Conversations whose summaries may be pending. Beyond it sends are refused until the writes have caught up. */
const MAX_PENDING = 50_000;
/** Written summaries are kept for at least this long: no read that began before the write takes longer. */
const REMEMBER_MS = 15_000;

/** Members whose lists and unread counts a summary concerns. */
export interface SummaryAudience {
  type: ConversationRecord['type'];
  isLarge: boolean;
  /** Members known to this process; those of a direct conversation in their stored order. */
  userIds: readonly UserId[];
}

/**
 * Returns the audience of a conversation. A large group that is about to become a small one counts as small: messages
 * sent just before must be in the superset of unread conversations that it has again a moment later.
 */
export const audienceOf = (membership: Membership): SummaryAudience => ({
  type: membership.type,
  isLarge: isLargeSize(membership.type, membership.memberCount, false),
  userIds: [...membership.members.keys()],
});

/** Adds an entry of the log to the summary of its conversation. */
export function mergeIntoSummary(summary: Summary, message: MessageTrace, audience: SummaryAudience): void {
  const { _id, seq, n, control, senderId } = message;
  if (seq > summary.lastSeq) {
    summary.lastSeq = seq;
    summary.messageCount = n;
    summary.lastMessageId = _id;
    summary.control = control;
  }
  const isCounted = control !== seq && message.shadow !== true;
  if (isCounted && message.deletedAt !== undefined) {
    summary.lastDeletedSeq = Math.max(summary.lastDeletedSeq, seq);
  }
  // Entries that are not shown, or to their sender only, do not change anybody's list.
  if (message.silent === true || message.shadow === true) return;
  if (seq > (summary.shown?.seq ?? 0)) summary.shown = { seq, id: _id };
  if (summary.lastMessageAt === undefined || message.createdAt > summary.lastMessageAt) {
    summary.lastMessageAt = message.createdAt;
  }
  // A membership event counts as unread for no member, and does not imply that its sender has read what came before.
  if (control === seq) return;
  noteSender(summary, message, audience);
  if (audience.isLarge) return;
  for (const userId of audience.userIds) if (userId !== senderId) summary.unreadFor.add(userId);
}

function noteSender(
  summary: Summary,
  { seq, n, senderId, quiet = false, quietFor }: MessageTrace,
  { type, userIds }: SummaryAudience,
): void {
  // The system is no member and has no position.
  if (senderId === SYSTEM_USER_ID) return;
  const sent = { seq, n, ...(quietFor !== undefined && { blockedWith: quietFor }) };
  if (type !== 'direct') {
    noteNewest(quiet ? summary.quietSenders : summary.senders, senderId, sent);
    return;
  }
  const index = userIds.indexOf(senderId);
  if (index !== -1) noteNewest(quiet ? summary.lastQuiet : summary.lastSent, index, { seq, n });
}

export const emptySummary = (message: MessageTrace): Summary => ({
  conversationId: message.conversationId,
  lastSeq: 0,
  messageCount: 0,
  lastMessageId: message._id,
  control: 0,
  shown: undefined,
  lastMessageAt: undefined,
  lastDeletedSeq: 0,
  lastSent: new Map(),
  senders: new Map(),
  lastQuiet: new Map(),
  quietSenders: new Map(),
  unreadFor: new Set(),
});

/**
 * Writes the summaries of conversations behind the log: one coalesced update per conversation, one bulk in flight per
 * process, written continuously. Every value in a summary only moves forward and is set, never incremented. It may
 * therefore be written twice, late, or by another process after this one has died.
 */
export class Summaries {
  readonly #deps: SummariesDeps;
  readonly #unwritten: WriteBehind<ConversationId, UnwrittenSummary>;
  /**
   * Summaries that were written recently, in two generations, and those that other processes are about to write. A
   * record that was read before the write may be shown after it.
   */
  #written = new Map<ConversationId, Summary>();
  #writtenBefore = new Map<ConversationId, Summary>();
  #generationStartedMs = monotonicMs();

  constructor(deps: SummariesDeps) {
    this.#deps = deps;
    this.#unwritten = new WriteBehind({
      write: (batch) => this.#write([...batch.values()]),
      onFailure: (error) => {
        deps.logger.warn({ err: error }, 'summaries could not be written, trying again');
      },
      maxBatch: MAX_BULK,
      restMs: (tookMs) => Math.min(Math.max(tookMs * REST_FACTOR, MIN_REST_MS), MAX_REST_MS),
    });
  }

  /** Notes a message that was committed. */
  note(message: MessageTrace, audience: SummaryAudience): void {
    let summary = this.#unwritten.pending(message.conversationId);
    if (summary === undefined) {
      summary = { ...emptySummary(message), oldestId: message._id, userIds: new Set() };
      this.#unwritten.put(message.conversationId, summary);
    }
    mergeIntoSummary(summary, message, audience);
    if (message._id < summary.oldestId) summary.oldestId = message._id;
    if (!audience.isLarge) for (const userId of audience.userIds) summary.userIds.add(userId);
  }

  /** Notes messages that another process has committed, for `overlay` only: that process writes their summary. */
  noteElsewhere(messages: readonly MessageTrace[], audience: SummaryAudience): void {
    const [first] = messages;
    if (first === undefined) return;
    const summary = emptySummary(first);
    for (const message of messages) mergeIntoSummary(summary, message, audience);
    this.#remember([summary]);
  }

  /** True while so many summaries are pending that nothing more should be committed. */
  isBehind(): boolean {
    return this.#unwritten.pendingCount >= MAX_PENDING;
  }

  /** Returns the smallest id of a message that is not in its conversation's stored summary yet. */
  oldestPendingId(): string | undefined {
    return this.#unwritten.oldestId(({ oldestId }) => oldestId);
  }

  /** Returns a stored conversation, however stale, with everything that this process has committed or noted. */
  overlay(record: ConversationRecord): ConversationRecord {
    const id = record._id;
    const newer = [this.#writtenBefore.get(id), this.#written.get(id), ...this.#unwritten.itemsOf(id)];
    const summarised = newer
      .filter((summary) => summary !== undefined)
      .reduce<ConversationRecord>(overlaySummary, record);
    return withMembership(summarised, this.#deps.memberships.peek(id));
  }

  /** Returns positions on a user's list that may not be stored yet. A conversation may have two. */
  owedTo(userId: UserId): ListPosition[] {
    return this.#unwritten
      .items()
      .flatMap(({ conversationId: _id, userIds, lastMessageAt }) =>
        lastMessageAt !== undefined && userIds.has(userId) ? [{ _id, lastMessageAt }] : [],
      );
  }

  /** Returns conversations whose unwritten messages may be unread for this user. */
  unreadFor(userId: UserId): ConversationId[] {
    return this.#unwritten
      .items()
      .filter((summary) => summary.unreadFor.has(userId))
      .map(({ conversationId }) => conversationId);
  }

  /** Resolves when everything noted so far is stored. */
  drain(): Promise<void> {
    return this.#unwritten.drain();
  }

  async #write(summaries: readonly UnwrittenSummary[]): Promise<void> {
    const { watermark, metrics } = this.#deps;
    const startedMs = monotonicMs();
    await watermark.track(() => writeSummaries(this.#deps, summaries));
    this.#remember(summaries);
    metrics.summarySeconds.observe((monotonicMs() - startedMs) / 1_000);
  }

  #remember(summaries: readonly Summary[]): void {
    if (monotonicMs() - this.#generationStartedMs > REMEMBER_MS) {
      this.#writtenBefore = this.#written;
      this.#written = new Map();
      this.#generationStartedMs = monotonicMs();
    }
    for (const summary of summaries) {
      const known = this.#written.get(summary.conversationId);
      const joined = known === undefined ? summary : joinSummaries(known, summary);
      this.#written.set(summary.conversationId, joined);
    }
  }
}

/**
 * Stores summaries. The positions of their senders are stored first: by the time a summary counts a message, its sender
 * must have read it.
 */
export async function writeSummaries(
  { conversations, members }: Pick<SummariesDeps, 'conversations' | 'members'>,
  summaries: readonly Summary[],
): Promise<void> {
  const positions = summaries.flatMap(({ conversationId, senders, quietSenders }) => [
    ...[...senders].map(([userId, { seq, n, blockedWith = [] }]) => ({
      conversationId,
      userId,
      readSeq: seq,
      readN: n,
      deliveredSeq: seq,
      blockedWith,
      isForAll: true,
      isSent: true,
    })),
    ...[...quietSenders].map(([userId, { seq, n }]) => ({
      conversationId,
      userId,
      readSeq: seq,
      readN: n,
      deliveredSeq: seq,
      share: 'delivered' as const,
      isSent: true,
    })),
  ]);
  if (positions.length > 0) await members.advance(positions);
  await conversations.mergeSummaries(summaries);
}
