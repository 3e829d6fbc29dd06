import { LRUCache } from 'lru-cache';
import { newMessageId } from '../../models/objectIds.js';
import { conflict, unavailable } from '../../utils/appError.js';
import type { ConversationId } from '../../../../contract/index.js';
import type { Tail } from '../../models/messageModel.js';
import type { Batch } from './batch.js';
import { BatchWriter } from './batchWriter.js';
import { createEntry, entryKey, type Committed, type Draft, type Entry } from './entry.js';
import { Lane } from './lane.js';
import type { CommitLogParts } from './parts.js';
import { Shares } from './shares.js';

export interface CommitLogLimits {
  /** Messages per insert; 1 switches batching off. */
  maxBatch: number;
  /** Messages that may wait in this process; beyond it, sends are refused with `UNAVAILABLE`. */
  maxWaiting: number;
  /** How many of them may be one user's; beyond it, sends are refused with `RATE_LIMITED`. */
  maxWaitingPerUser: number;
}

/** Inserts in flight at a time: enough to keep the database busy while the next batch gathers. */
const MAX_IN_FLIGHT = 3;
/** A conversation with more than this waiting gets an ordered batch of its own. */
const HOT_WAITING = 8;
/** Messages waiting and repeats of them that wait for the same answer: this many times as many as may wait alone. */
const FOLLOWED_FACTOR = 2;
/** Conversations whose tail is kept in memory while nothing of them is waiting. */
const MAX_IDLE_LANES = 50_000;

/**
 * The heart: gives every message its place (`seq`) in its conversation, and is the only writer of messages.
 *
 * Sends wait in a lane per conversation; as soon as the database can take a write, everything that waits goes out
 * together. There is no timer: one message alone is written at once, a thousand at once share round trips.
 * The insert is the commit point. The unique index on (conversation, seq) settles a race with another process, the
 * one on (conversation, sender, clientMessageId) a repeated send. (Group commit, as databases do it for their logs.)
 */
export class CommitLog {
  readonly #parts: CommitLogParts;
  readonly #limits: CommitLogLimits;
  readonly #writer: BatchWriter;
  /** Lanes with something waiting or in flight. */
  readonly #active = new Map<ConversationId, Lane>();
  readonly #idle = new LRUCache<ConversationId, Lane>({ max: MAX_IDLE_LANES });
  /** Active lanes that could go out now. */
  readonly #ready = new Set<Lane>();
  #waiting = 0;
  readonly #shares: Shares;
  #inFlight = 0;
  #pumpQueued = false;
  #closed = false;

  constructor(parts: CommitLogParts, limits: CommitLogLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#shares = new Shares(limits.maxWaitingPerUser);
    this.#writer = new BatchWriter(parts, {
      settled: (entry) => this.#settled(entry),
      released: (lane) => this.#released(lane),
    });
  }

  /** Messages that have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The smallest id among messages that have no answer yet. */
  oldestWaitingId(): string | undefined {
    let oldest: string | undefined;
    for (const lane of this.#active.values()) {
      for (const { _id } of lane.unresolved.values()) if (oldest === undefined || _id < oldest) oldest = _id;
    }
    return oldest;
  }

  /**
   * Takes a message in; resolves when it is stored, or with the stored one when it was stored before.
   *
   * @throws AppError `NOT_PARTICIPANT`, `CONFLICT` (another content under a used id), `VALIDATION` (`replyTo` names no
   * message), `UNAVAILABLE` (too many waiting, or shutting down), `RATE_LIMITED` (too many of this sender waiting),
   * `INTERNAL` (the database refuses this one message).
   */
  append(draft: Draft): Entry {
    if (this.#closed) throw unavailable('The server is shutting down.');
    const twin = this.#active.get(draft.conversationId)?.unresolved.get(entryKey(draft));
    this.#requireRoom(twin !== undefined);
    const release = this.#shares.take(draft.senderId);
    const entry = twin === undefined ? this.#enter(draft) : this.#follow(twin, draft);
    void entry.promise.then(release, release);
    return entry;
  }

  /** Another process has stored a message: what waits here need not find out by losing a race. */
  hear(conversationId: ConversationId, tail: Tail): void {
    (this.#active.get(conversationId) ?? this.#idle.peek(conversationId))?.hear(tail);
  }

  /** Takes nothing new; resolves when everything taken in has its answer. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#active.values()].flatMap((lane) => [...lane.unresolved.values()]);
    await Promise.allSettled(entries.map((entry) => entry.promise));
  }

  /** Before a lane is touched: what is refused leaves nothing behind. @throws AppError `UNAVAILABLE`. */
  #requireRoom(isRepeat: boolean): void {
    const { maxWaiting } = this.#limits;
    const isFull = isRepeat
      ? this.#shares.total >= maxWaiting * FOLLOWED_FACTOR
      : this.#waiting >= maxWaiting || this.#parts.isBehind();
    if (isFull) throw unavailable('Too many messages are waiting for the database.');
  }

  #enter(draft: Draft): Entry {
    const lane = this.#laneOf(draft.conversationId);
    const entry = createEntry(draft, newMessageId());
    lane.add(entry);
    this.#waiting += 1;
    this.#parts.metrics.commitWaiting.set(this.#waiting);
    if (!lane.busy) this.#ready.add(lane);
    this.#queuePump();
    return entry;
  }

  /**
   * The same id while the first is under way: waits for what becomes of that, and stores nothing. Should the first be
   * refused, another content is a message of its own after all.
   */
  #follow(twin: Entry, draft: Draft): Entry {
    const follower = createEntry(draft, twin._id);
    const isSame = twin.draft.payloadHash === draft.payloadHash;
    const followed = twin.promise.then(
      (committed: Committed): Committed => {
        if (committed.message.payloadHash !== draft.payloadHash) throw conflict();
        return { ...committed, duplicate: true, originSocketId: draft.originSocketId };
      },
      (error: unknown) => {
        if (isSame) throw error;
        return this.append(draft).promise;
      },
    );
    followed.then(follower.resolve, (error: unknown) => follower.reject(error));
    this.#parts.metrics.repeatedSends.inc();
    return follower;
  }

  #laneOf(conversationId: ConversationId): Lane {
    const active = this.#active.get(conversationId);
    if (active !== undefined) return active;
    const lane = this.#idle.get(conversationId) ?? new Lane(conversationId);
    this.#idle.delete(conversationId);
    this.#active.set(conversationId, lane);
    return lane;
  }

  /** What arrives in the same turn of the event loop goes out together. */
  #queuePump(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    setImmediate(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && this.#ready.size > 0) {
      const batch = this.#nextBatch();
      this.#inFlight += 1;
      void this.#writer.write(batch).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  /**
   * A hot conversation (or one whose entry must go alone) gets an ordered batch of its own; the others share one
   * with at most one message each, sorted, as two processes that insert in opposite orders could deadlock.
   */
  #nextBatch(): Batch {
    const { maxBatch } = this.#limits;
    const shared: Batch = { ordered: false, alone: false, slots: [] };
    for (const lane of this.#ready) {
      const own = lane.waiting.length > HOT_WAITING || lane.waiting[0]?.alone === true;
      if (own && shared.slots.length > 0) continue;
      this.#ready.delete(lane);
      lane.busy = true;
      const entries = lane.take(own ? maxBatch : 1);
      if (own) return { ordered: true, alone: entries[0]?.alone === true, slots: [{ lane, entries }] };
      shared.slots.push({ lane, entries });
      if (shared.slots.length >= maxBatch) break;
    }
    shared.slots.sort((a, b) => (a.lane.conversationId < b.lane.conversationId ? -1 : 1));
    return shared;
  }

  #settled(entry: Entry): void {
    const lane = this.#active.get(entry.draft.conversationId);
    if (lane?.holds(entry) !== true) return;
    lane.unresolved.delete(entry.key);
    this.#waiting -= 1;
    this.#parts.metrics.commitWaiting.set(this.#waiting);
  }

  #released(lane: Lane): void {
    lane.busy = false;
    if (lane.waiting.length > 0) this.#ready.add(lane);
    else if (lane.idle) {
      this.#active.delete(lane.conversationId);
      if (lane.membership !== undefined) this.#idle.set(lane.conversationId, lane);
    }
    this.#queuePump();
  }
}
