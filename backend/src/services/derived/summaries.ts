import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, Summary } from '../../models/conversationModel.js';
import type { MessageTrace } from '../../models/messageModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { WriteWatermark } from './writeWatermark.js';

interface Pending extends Summary {
  /** The smallest id of a message that this summary still owes. */
  oldestId: string;
}

interface SummariesParts {
  conversations: Pick<ConversationModel, 'mergeSummaries'>;
  watermark: WriteWatermark;
  metrics: Metrics;
  logger: Logger;
}

/** Conversations per bulk: bounds how long one write holds the database. */
const MAX_BULK = 500;
/** After a bulk the flush rests for this many times its length, so that inserts keep most of the database. */
const REST_FACTOR = 2;
const MAX_REST_MS = 500;
/** Conversations that may wait for their bulk; beyond it sends are refused until the summaries have caught up. */
const MAX_PENDING = 50_000;
/** What was written is remembered for at least this long: no read that began before the write takes longer. */
const REMEMBER_MS = 15_000;

/** Takes what one message adds to its conversation's summary. */
export function mergeIntoSummary(
  summary: Summary,
  message: MessageTrace,
  participants: readonly UserId[],
): void {
  if (message.seq > summary.lastSeq) {
    summary.lastSeq = message.seq;
    summary.messageCount = message.n;
    summary.lastMessageId = message._id;
  }
  if (message.createdAt > summary.lastMessageAt) summary.lastMessageAt = message.createdAt;
  const place = participants.indexOf(message.senderId);
  if (place !== -1) summary.lastSent.set(place, Math.max(message.seq, summary.lastSent.get(place) ?? 0));
  for (const participant of participants) {
    if (participant !== message.senderId) summary.unreadFor.add(participant);
  }
}

export const emptySummary = (message: MessageTrace): Summary => ({
  conversationId: message.conversationId,
  lastSeq: 0,
  messageCount: 0,
  lastMessageId: message._id,
  lastMessageAt: message.createdAt,
  lastSent: new Map(),
  unreadFor: new Set(),
});

/**
 * Writes behind what conversations say of their messages: one coalesced update per conversation, one bulk in flight
 * per process, flushed continuously. Everything in it only moves forward and is set, never incremented, so that it
 * may be written twice, late, or by another process after the death of this one.
 */
export class Summaries {
  readonly #parts: SummariesParts;
  #pending = new Map<ConversationId, Pending>();
  #writing = new Map<ConversationId, Pending>();
  /** Written a moment ago: a record may have been read before that and be shown after it. Two generations. */
  #written = new Map<ConversationId, Summary>();
  #writtenBefore = new Map<ConversationId, Summary>();
  #turnedAtMs = monotonicMs();
  #flushing: Promise<void> | undefined;

  constructor(parts: SummariesParts) {
    this.#parts = parts;
  }

  /** Notes a message that was committed. */
  note(message: MessageTrace, participants: readonly UserId[]): void {
    let summary = this.#pending.get(message.conversationId);
    if (summary === undefined) {
      summary = { ...emptySummary(message), oldestId: message._id };
      this.#pending.set(message.conversationId, summary);
    }
    mergeIntoSummary(summary, message, participants);
    if (message._id < summary.oldestId) summary.oldestId = message._id;
    this.#flushing ??= this.#flush();
  }

  /** True while more is owed than may be: who commits should wait. */
  isBehind(): boolean {
    return this.#pending.size >= MAX_PENDING;
  }

  /** The smallest id of a message that is not in its conversation's stored summary yet. */
  oldestPendingId(): string | undefined {
    let oldest: string | undefined;
    for (const { oldestId } of [...this.#pending.values(), ...this.#writing.values()]) {
      if (oldest === undefined || oldestId < oldest) oldest = oldestId;
    }
    return oldest;
  }

  /** A stored conversation, however stale, with what this process has committed: it reads its own writes. */
  overlay(record: ConversationRecord): ConversationRecord {
    return [this.#writtenBefore, this.#written, this.#writing, this.#pending]
      .map((summaries) => summaries.get(record._id))
      .reduce(overlayOne, record);
  }

  /** Conversations with unwritten messages that are news for this user. */
  unreadFor(userId: UserId): ConversationId[] {
    return [...this.#writing.values(), ...this.#pending.values()]
      .filter((summary) => summary.unreadFor.has(userId))
      .map((summary) => summary.conversationId);
  }

  /** Resolves when everything noted so far is stored. */
  async drain(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flush(): Promise<void> {
    // What is noted in this turn of the event loop goes into the same bulk.
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(20, 1_000);
    while (this.#pending.size > 0 || this.#writing.size > 0) {
      this.#takeBulk();
      const startedMs = monotonicMs();
      try {
        await this.#parts.watermark.track(() =>
          this.#parts.conversations.mergeSummaries([...this.#writing.values()]),
        );
        this.#remember();
        backoff.reset();
        const tookMs = monotonicMs() - startedMs;
        this.#parts.metrics.summarySeconds.observe(tookMs / 1_000);
        if (this.#pending.size > 0) await sleep(Math.min(tookMs * REST_FACTOR, MAX_REST_MS));
      } catch (error) {
        this.#parts.logger.warn({ err: error }, 'summaries could not be written, trying again');
        await sleep(backoff.next());
      }
    }
    this.#flushing = undefined;
  }

  #remember(): void {
    if (monotonicMs() - this.#turnedAtMs > REMEMBER_MS) {
      this.#writtenBefore = this.#written;
      this.#written = new Map();
      this.#turnedAtMs = monotonicMs();
    }
    for (const [id, summary] of this.#writing) {
      const known = this.#written.get(id);
      this.#written.set(id, known === undefined ? summary : joined(known, summary));
    }
    this.#writing.clear();
  }

  /** After a failure the same bulk is written again. */
  #takeBulk(): void {
    if (this.#writing.size > 0) return;
    for (const [id, summary] of this.#pending) {
      this.#writing.set(id, summary);
      this.#pending.delete(id);
      if (this.#writing.size >= MAX_BULK) break;
    }
  }
}

/** Two summaries of one conversation as one. */
function joined(a: Summary, b: Summary): Summary {
  const newer = b.lastSeq > a.lastSeq ? b : a;
  const lastSent = new Map(a.lastSent);
  for (const [place, seq] of b.lastSent) lastSent.set(place, Math.max(seq, lastSent.get(place) ?? 0));
  return {
    ...newer,
    lastMessageAt: b.lastMessageAt > a.lastMessageAt ? b.lastMessageAt : a.lastMessageAt,
    lastSent,
    unreadFor: new Set([...a.unreadFor, ...b.unreadFor]),
  };
}

function overlayOne(record: ConversationRecord, summary: Summary | undefined): ConversationRecord {
  if (summary === undefined) return record;
  const newer = summary.lastSeq > record.lastSeq;
  return {
    ...record,
    lastSeq: newer ? summary.lastSeq : record.lastSeq,
    messageCount: newer ? summary.messageCount : record.messageCount,
    lastMessageId: newer ? summary.lastMessageId : record.lastMessageId,
    lastMessageAt:
      summary.lastMessageAt > record.lastMessageAt ? summary.lastMessageAt : record.lastMessageAt,
    lastSent: record.participants.map((_, place) =>
      Math.max(record.lastSent[place] ?? 0, summary.lastSent.get(place) ?? 0),
    ),
  };
}
