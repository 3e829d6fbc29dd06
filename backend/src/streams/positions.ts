import type { ConversationId } from '../../../contract/index.js';

/** Last entry and last change of a conversation that a stream has delivered. */
export interface Known {
  seq?: number | undefined;
  rev?: number | undefined;
}

/** Progress of a stream: where it resumes, and which live events it has delivered already. */
export interface Positions {
  of(id: ConversationId): Known | undefined;
  /** Only forward: lower numbers change nothing. */
  note(id: ConversationId, known: Known): void;
  forget(id: ConversationId): void;
  /** Opaque to clients, URL-safe, one line. */
  encode(): string;
}

const VERSION = '1';
const SEPARATOR = '~';
const HEX_ID = /^[0-9a-f]{24}$/;
const BASE = 36;
/** Conversations are remembered for this time after their last event, in ms. */
const REMEMBER_MS = 20 * 60_000;
/**
 * Entries of conversations that are not remembered count as undelivered when they are not older than this before the cursor,
 * in ms. Half of `REMEMBER_MS`: longer than any write is under way, and short enough that nothing is delivered twice.
 */
const LOOK_BACK_MS = REMEMBER_MS / 2;
/** A new stream begins this much before its first cursor, in ms: the inaccuracy of the estimated time. */
const FIRST_LOOK_BACK_MS = 2_000;
/** Bounds the length of a position. The longest unheard ones are forgotten first. */
const MAX_REMEMBERED = 200;

const later = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
const encodeNumber = (value: number | undefined): string => value?.toString(BASE) ?? '';
const decodeNumber = (text = ''): number | undefined =>
  text === '' ? undefined : Number.parseInt(text, BASE);

/**
 * Position in all conversations of a user: a cursor of `sync`, the time before which everything is delivered, and the numbers
 * of the conversations that had events lately. A conversation without numbers is delivered up to that time.
 */
export class UserPositions implements Positions {
  readonly #known = new Map<ConversationId, Known & { heardAtMs: number }>();

  private constructor(
    public cursor: string,
    /** Entries of conversations without numbers are delivered when they are older than this. Milliseconds since 1970. */
    public deliveredBeforeMs: number,
    /** The database's time, in ms since 1970. */
    readonly now: () => number,
  ) {}

  static fresh(cursor: string, now: () => number): UserPositions {
    return new UserPositions(cursor, now() - FIRST_LOOK_BACK_MS, now);
  }

  /** Returns undefined when the text is no position. */
  static decode(text: string, now: () => number): UserPositions | undefined {
    const [version, cursor, time, ...entries] = text.split(SEPARATOR);
    const deliveredBeforeMs = decodeNumber(time);
    if (version !== VERSION || cursor === undefined || cursor === '') return undefined;
    if (deliveredBeforeMs === undefined || !Number.isSafeInteger(deliveredBeforeMs)) return undefined;
    const positions = new UserPositions(cursor, deliveredBeforeMs, now);
    for (const entry of entries) {
      const [id = '', seq, rev] = entry.split('.');
      const known = { seq: decodeNumber(seq), rev: decodeNumber(rev) };
      if (!HEX_ID.test(id) || Number.isNaN(known.seq) || Number.isNaN(known.rev)) return undefined;
      positions.#known.set(id as ConversationId, { ...known, heardAtMs: now() });
    }
    return positions;
  }

  of(id: ConversationId): Known | undefined {
    return this.#known.get(id);
  }

  note(id: ConversationId, { seq, rev }: Known): void {
    const before = this.#known.get(id);
    this.#known.delete(id);
    const merged = { seq: later(before?.seq, seq), rev: later(before?.rev, rev) };
    this.#known.set(id, { ...merged, heardAtMs: this.now() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }

  forget(id: ConversationId): void {
    this.#known.delete(id);
  }

  /** Everything that changed up to this cursor is delivered. */
  advance(cursor: string): void {
    const nowMs = this.now();
    this.cursor = cursor;
    this.deliveredBeforeMs = Math.max(this.deliveredBeforeMs, nowMs - LOOK_BACK_MS);
    for (const [id, { heardAtMs }] of this.#known) {
      if (heardAtMs < nowMs - REMEMBER_MS) this.#known.delete(id);
    }
  }

  encode(): string {
    const entries = [...this.#known].map(
      ([id, { seq, rev }]) => `${id}.${encodeNumber(seq)}.${encodeNumber(rev)}`,
    );
    return [VERSION, this.cursor, encodeNumber(this.deliveredBeforeMs), ...entries].join(SEPARATOR);
  }
}

/** Position in one conversation. */
export class ConversationPositions implements Positions {
  #known: Known;

  constructor(
    readonly id: ConversationId,
    known: Known,
  ) {
    this.#known = known;
  }

  /** Returns undefined when the text is no position in this conversation. */
  static decode(text: string, id: ConversationId): ConversationPositions | undefined {
    const [version, own, seq, rev] = text.split(SEPARATOR);
    const known = { seq: decodeNumber(seq), rev: decodeNumber(rev) };
    if (version !== VERSION || own !== id) return undefined;
    if (!Number.isSafeInteger(known.seq) || !Number.isSafeInteger(known.rev)) return undefined;
    return new ConversationPositions(id, known);
  }

  of(id: ConversationId): Known | undefined {
    return id === this.id ? this.#known : undefined;
  }

  note(_id: ConversationId, { seq, rev }: Known): void {
    this.#known = { seq: later(this.#known.seq, seq), rev: later(this.#known.rev, rev) };
  }

  forget(): void {
    // The stream of a conversation ends with the membership.
  }

  encode(): string {
    return [VERSION, this.id, encodeNumber(this.#known.seq), encodeNumber(this.#known.rev)].join(SEPARATOR);
  }
}
