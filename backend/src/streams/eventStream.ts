import { z } from 'zod';
import type { ConversationId } from '../../../contract/index.js';
import type { Logger } from '../utils/logger.js';
import { eventFrame, positionFrame, retryFrame } from './frames.js';
import { CannotReplay, Replay, TooMuchToReplay, type Ask } from './replay.js';
import { conversationOf, type StreamSource } from './sources.js';

export interface StreamDeps {
  ask: Ask;
  write: (frame: string) => void;
  /** Resolves when the reader has taken what was written. */
  ready: () => Promise<void>;
  /** Ends the response after what was written. */
  end: () => void;
  /** Makes the position of a stream that begins now. Rejects with `CannotReplay`. */
  fresh: (replay: Replay) => Promise<StreamSource>;
  logger: Logger;
}

/** Interval of the check for live events that were lost, in ms: the same as clients of the socket have. */
const CHECK_MS = 60_000;
/** Live events that wait while stored ones are delivered. Beyond it they are dropped, and found by another check. */
const MAX_HELD = 5_000;
/** Events that announce the end of the connection: the stream cannot renew a token, so it ends with them. */
const LAST_EVENTS = new Set(['auth:expired', 'connection:ended', 'server:draining']);

const goodbye = z.object({ afterMs: z.number().optional() });
const advice = z.object({ withinMs: z.number() });
const numbers = z.object({ seq: z.number().optional(), rev: z.number().optional() });
const CHANGES = new Set(['message:updated', 'message:deleted', 'message:reaction']);

interface Push {
  event: string;
  data: unknown;
}

/**
 * The events of one stream, in order: first what was stored while the client was away, then what comes live. Live events are
 * best effort, so each one is compared with what was delivered before: repeats are left out, and what is missing in between is
 * read first. Once a minute the stream looks for events that were lost without a successor.
 */
export class EventStream {
  readonly #deps: StreamDeps;
  #source: StreamSource;
  #held: Push[] = [];
  #isWorking = false;
  #isCheckOwed = true;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: StreamSource, deps: StreamDeps) {
    this.#source = source;
    this.#deps = deps;
  }

  /** Writes the position, then catches up. Live events that come meanwhile follow. */
  start(): void {
    this.#deps.write(positionFrame(this.#source.positions.encode()));
    void this.#work();
  }

  /** Takes a live event. */
  push(event: string, data: unknown): void {
    if (this.#isOver) return;
    if (event === 'sync:advised') {
      this.#checkLater(Math.random() * advice.parse(data).withinMs);
      return;
    }
    if (LAST_EVENTS.has(event)) {
      const { afterMs } = goodbye.catch({}).parse(data);
      if (afterMs !== undefined) this.#deps.write(retryFrame(afterMs));
      this.#deps.write(eventFrame({ event, data }));
      this.#deps.end();
      return;
    }
    if (!this.#source.concerns(data)) return;
    if (this.#held.length < MAX_HELD) this.#held.push({ event, data });
    else this.#isCheckOwed = true;
    void this.#work();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** One thing at a time: checks, and events in the order of their arrival. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (!this.#isOver && (this.#isCheckOwed || this.#held.length > 0)) {
      await this.#step().catch((error: unknown) => this.#recover(error).catch(() => this.#deps.end()));
    }
    this.#isWorking = false;
  }

  async #step(): Promise<void> {
    const replay = this.#replay();
    if (this.#isCheckOwed) {
      this.#isCheckOwed = false;
      this.#checkLater(CHECK_MS);
      await this.#source.catchUp(replay);
      return;
    }
    const next = this.#held.shift();
    if (next !== undefined) await this.#deliver(replay, next);
  }

  async #deliver(replay: Replay, { event, data }: Push): Promise<void> {
    const id = conversationOf(data);
    const { seq, rev } = numbers.catch({}).parse(data);
    if (event === 'message:new' && id !== undefined && seq !== undefined) {
      await this.#deliverMessage(replay, { id, seq, data });
    } else if (CHANGES.has(event) && id !== undefined && rev !== undefined) {
      await this.#deliverChange(replay, { id, rev, event, data });
    } else replay.deliver(event, data);
    if (event === 'conversation:removed' && this.#source.endsWithMembership) this.#deps.end();
  }

  async #deliverMessage(
    replay: Replay,
    { id, seq, data }: { id: ConversationId; seq: number; data: unknown },
  ): Promise<void> {
    const { positions } = this.#source;
    if ((positions.of(id)?.seq ?? 0) >= seq) return;
    await replay.messages(id, seq - 1);
    // A page that was read now may have had this message, too.
    if ((positions.of(id)?.seq ?? 0) >= seq) return;
    positions.note(id, { seq });
    replay.deliver('message:new', data);
  }

  async #deliverChange(
    replay: Replay,
    { id, rev, event, data }: { id: ConversationId; rev: number } & Push,
  ): Promise<void> {
    const { positions } = this.#source;
    if ((positions.of(id)?.rev ?? 0) >= rev) return;
    await replay.changes(id, rev - 1);
    if ((positions.of(id)?.rev ?? 0) >= rev) return;
    positions.note(id, { rev });
    replay.deliver(event, data);
  }

  #replay(): Replay {
    const { positions } = this.#source;
    return new Replay({
      ask: this.#deps.ask,
      ready: this.#deps.ready,
      positions,
      deliveredBeforeMs: () => ('deliveredBeforeMs' in positions ? positions.deliveredBeforeMs : 0),
      emit: (event, data) => {
        this.#deps.write(eventFrame({ event, data, id: positions.encode() }));
      },
      isOver: () => this.#isOver,
    });
  }

  /** Events that cannot be replayed are never skipped silently: the client is told to load what it shows, and goes on from now. */
  async #recover(error: unknown): Promise<void> {
    if (this.#isOver) return;
    const isTooMuch = error instanceof TooMuchToReplay;
    const isOther = error instanceof CannotReplay && error.code === 'CONFLICT';
    if (error instanceof CannotReplay && error.code === 'NOT_PARTICIPANT') {
      this.#noteRemoval();
      return;
    }
    if (!isTooMuch && !isOther) {
      if (!(error instanceof CannotReplay)) this.#deps.logger.error({ err: error }, 'an event stream failed');
      this.#deps.end();
      return;
    }
    this.#held = [];
    this.#source = await this.#deps.fresh(this.#replay());
    const id = this.#source.positions.encode();
    this.#deps.write(eventFrame({ event: 'sync:advised', data: { withinMs: 0 }, id }));
  }

  /** The user was removed from a conversation while something of it was due: that is not for them any more. */
  #noteRemoval(): void {
    const { endsWithMembership, positions } = this.#source;
    if (!endsWithMembership || !('id' in positions)) return;
    const data = { conversationId: positions.id, reason: 'removed' };
    this.#deps.write(eventFrame({ event: 'conversation:removed', data }));
    this.#deps.end();
  }

  #checkLater(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isCheckOwed = true;
      void this.#work();
    }, afterMs);
    this.#timer.unref();
  }
}
