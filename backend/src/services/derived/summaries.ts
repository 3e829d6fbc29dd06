import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, Summary } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageTrace } from '../../models/messageModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import { livesApart, type Membership } from '../membership/membership.js';
import type { WriteWatermark } from './writeWatermark.js';

interface Pending extends Summary {
  /** The smallest id of a message that this summary still owes. */
  oldestId: string;
}

interface SummariesParts {
  conversations: Pick<ConversationModel, 'mergeSummaries'>;
  members: Pick<MemberModel, 'advance'>;
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

/** Whom a summary is about: the pair of a direct conversation, or the members of a group that keeps a list of them. */
export interface SummaryAudience {
  type: ConversationRecord['type'];
  isApart: boolean;
  /** Of a direct conversation in their stored order. */
  userIds: readonly UserId[];
}

/**
 * A group on its way back to the small ones counts as one of them already: what is said in it just before must not be
 * missing in the superset that it has again a moment later.
 */
export const audienceOf = (membership: Membership): SummaryAudience => ({
  type: membership.type,
  isApart: livesApart(membership.type, membership.memberCount, false),
  userIds: [...membership.members.keys()],
});

/** Takes what one entry adds to its conversation's summary. */
export function mergeIntoSummary(summary: Summary, message: MessageTrace, audience: SummaryAudience): void {
  const { _id, seq, n, control, senderId } = message;
  if (seq > summary.lastSeq) {
    summary.lastSeq = seq;
    summary.messageCount = n;
    summary.lastMessageId = _id;
    summary.control = control;
  }
  // Of what only its sender sees nobody else's list says anything.
  if (message.silent === true || message.shadow === true) return;
  if (seq > (summary.shown?.seq ?? 0)) summary.shown = { seq, id: _id };
  if (summary.lastMessageAt === undefined || message.createdAt > summary.lastMessageAt) {
    summary.lastMessageAt = message.createdAt;
  }
  // A control entry is news to nobody's unread count, and no sign that its writer has read what came before.
  if (control === seq) return;
  noteSender(summary, message, audience);
  if (audience.isApart) return;
  for (const userId of audience.userIds) if (userId !== senderId) summary.unreadFor.add(userId);
}

function noteSender(
  { lastSent, senders }: Summary,
  { seq, n, senderId }: MessageTrace,
  { type, userIds }: SummaryAudience,
): void {
  const sent = { seq, n };
  if (type !== 'direct') {
    if (seq > (senders.get(senderId)?.seq ?? 0)) senders.set(senderId, sent);
    return;
  }
  const place = userIds.indexOf(senderId);
  if (place !== -1 && seq > (lastSent.get(place)?.seq ?? 0)) lastSent.set(place, sent);
}

export const emptySummary = (message: MessageTrace): Summary => ({
  conversationId: message.conversationId,
  lastSeq: 0,
  messageCount: 0,
  lastMessageId: message._id,
  control: 0,
  shown: undefined,
  lastMessageAt: undefined,
  lastSent: new Map(),
  senders: new Map(),
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
  note(message: MessageTrace, audience: SummaryAudience): void {
    let summary = this.#pending.get(message.conversationId);
    if (summary === undefined) {
      summary = { ...emptySummary(message), oldestId: message._id };
      this.#pending.set(message.conversationId, summary);
    }
    mergeIntoSummary(summary, message, audience);
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
        await this.#parts.watermark.track(() => writeSummaries(this.#parts, [...this.#writing.values()]));
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

/** The positions of senders first: a summary that counts a message must find its sender behind it. */
export async function writeSummaries(
  { conversations, members }: Pick<SummariesParts, 'conversations' | 'members'>,
  summaries: readonly Summary[],
): Promise<void> {
  const positions = summaries.flatMap(({ conversationId, senders }) =>
    [...senders].map(([userId, { seq, n }]) => ({
      ...{ conversationId, userId, readSeq: seq, readN: n, deliveredSeq: seq },
    })),
  );
  if (positions.length > 0) await members.advance(positions);
  await conversations.mergeSummaries(summaries);
}

interface Sent {
  seq: number;
  n: number;
}

function newestOf<Key>(a: ReadonlyMap<Key, Sent>, b: ReadonlyMap<Key, Sent>): Map<Key, Sent> {
  const newest = new Map(a);
  for (const [key, sent] of b) if (sent.seq > (newest.get(key)?.seq ?? 0)) newest.set(key, sent);
  return newest;
}

const laterOf = (a: Date | undefined, b: Date | undefined): Date | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

/** Two summaries of one conversation as one. */
function joined(a: Summary, b: Summary): Summary {
  return {
    ...(b.lastSeq > a.lastSeq ? b : a),
    shown: (b.shown?.seq ?? 0) > (a.shown?.seq ?? 0) ? b.shown : a.shown,
    lastMessageAt: laterOf(a.lastMessageAt, b.lastMessageAt),
    lastSent: newestOf(a.lastSent, b.lastSent),
    senders: newestOf(a.senders, b.senders),
    unreadFor: new Set([...a.unreadFor, ...b.unreadFor]),
  };
}

function overlayOne(record: ConversationRecord, summary: Summary | undefined): ConversationRecord {
  if (summary === undefined) return record;
  const { shown } = summary;
  const sent = record.participants.map((_, place) => {
    const stored = { seq: record.lastSent[place] ?? 0, n: record.lastSentN[place] ?? 0 };
    const noted = summary.lastSent.get(place);
    return noted !== undefined && noted.seq > stored.seq ? noted : stored;
  });
  return {
    ...record,
    ...(summary.lastSeq > record.lastSeq && {
      lastSeq: summary.lastSeq,
      messageCount: summary.messageCount,
      tailControl: summary.control,
    }),
    ...(shown !== undefined &&
      shown.seq > record.lastMessageSeq && { lastMessageId: shown.id, lastMessageSeq: shown.seq }),
    lastMessageAt: laterOf(record.lastMessageAt, summary.lastMessageAt) ?? record.lastMessageAt,
    ...(record.type === 'direct' && {
      lastSent: sent.map(({ seq }) => seq),
      lastSentN: sent.map(({ n }) => n),
    }),
    ...(summary.senders.size > 0 && {
      sentBy: newestOf(record.sentBy ?? new Map<UserId, Sent>(), summary.senders),
    }),
  };
}
