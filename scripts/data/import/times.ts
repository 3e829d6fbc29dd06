import { LRUCache } from 'lru-cache';
import type { Tally } from './tally.js';

/** Upper bounds by magnitude: numbers are seconds, milliseconds or microseconds since 1970; larger ones nanoseconds. */
const [SECONDS_BELOW, MS_BELOW, MICROS_BELOW] = [1e11, 1e14, 1e17];
const DAY_MS = 86_400_000;
/** Length of the blocks for which offsets are cached. No zone changes its offset within a block. */
const BLOCK_MS = 900_000;
const MAX_BLOCKS = 50_000;

/** ISO 8601, and the format of PostgreSQL: a space instead of the T, `+00`, microseconds, no zone. */
const WRITTEN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?)?$/i;
/** Other formats are read only with an offset after the time. Without one the result would depend on the machine. */
const HAS_OFFSET =
  /\d:\d{2}(?::\d{2})?\s*(?:[AP]M\s*)?(?:(?:GMT|UTC|Z)(?:[+-]\d{2}:?\d{2})?|[+-]\d{2}:?\d{2})(?:\s*\([^)]*\))?$/;

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the times of an old system. Times without a zone are in `zone`, independent of the zone of this machine. A time
 * skipped by a clock change is read with the offset before the change; a repeated one is the first of the two. Both are
 * counted in the tally.
 */
export class TimeReader {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsets = new LRUCache<number, number>({ max: MAX_BLOCKS });

  constructor(
    readonly zone: string,
    readonly tally: Tally,
  ) {
    this.#format = zone === 'UTC' ? undefined : formatOf(zone);
  }

  /** @param at location of the value, for the tally. @returns undefined for a value that is not a time after 1970. */
  read(value: unknown, at: string): Date | undefined {
    const date = value instanceof Date ? value : this.#toDate(value, at);
    return date === undefined || !(date.getTime() > 0) ? undefined : date;
  }

  #toDate(value: unknown, at: string): Date | undefined {
    if (typeof value === 'number') return fromNumber(value);
    if (typeof value !== 'string') return undefined;
    const text = value.trim();
    if (/^\d{9,20}(\.\d+)?$/.test(text)) return fromNumber(Number(text));
    const written = WRITTEN.exec(text);
    if (written !== null) return this.#fromWritten(written, at);
    return HAS_OFFSET.test(text) ? new Date(text) : undefined;
  }

  #fromWritten(written: RegExpExecArray, at: string): Date | undefined {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = written;
    const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
    const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
    const isDate = new Date(date).getUTCDate() === Number(day) && Number(month) <= 12;
    if (!isDate || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined;
    const wallMs = date + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + ms;
    return new Date(offset === undefined ? this.#toInstant(wallMs, at) : wallMs - offsetOf(offset));
  }

  #toInstant(wallMs: number, at: string): number {
    if (this.#format === undefined) return wallMs;
    const [before, after] = [this.#offsetAt(wallMs - DAY_MS), this.#offsetAt(wallMs + DAY_MS)];
    if (before === after) return wallMs - before;
    const found = [before, after]
      .map((one) => wallMs - one)
      .filter((ms) => ms + this.#offsetAt(ms) === wallMs);
    if (found.length === 0) this.tally.note('skippedTimes', at);
    if (found.length > 1) this.tally.note('repeatedTimes', at);
    return found.length === 1 ? (found[0] ?? wallMs) : wallMs - before;
  }

  /** Returns the offset of the zone from UTC in ms. */
  #offsetAt(ms: number): number {
    const block = Math.floor(ms / BLOCK_MS);
    const known = this.#offsets.get(block);
    if (known !== undefined) return known;
    const startMs = block * BLOCK_MS;
    const parts = new Map(
      this.#format?.formatToParts(startMs).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const wallMs = Date.UTC(
      ...([part('year'), part('month') - 1, part('day')] as const),
      ...([part('hour'), part('minute'), part('second')] as const),
    );
    this.#offsets.set(block, wallMs - startMs);
    return wallMs - startMs;
  }
}

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

/** Converts `+02`, `+0530`, `+05:30` or `Z` to ms. */
function offsetOf(offset: string): number {
  if (!/^[+-]/.test(offset)) return 0;
  const [hours = 0, minutes = 0, seconds = 0] = (offset.match(/\d{2}/g) ?? []).map(Number);
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return offset.startsWith('-') ? -ms : ms;
}

function fromNumber(value: number): Date {
  if (value < SECONDS_BELOW) return new Date(Math.floor(value * 1_000));
  if (value < MS_BELOW) return new Date(Math.floor(value));
  return new Date(Math.floor(value / (value < MICROS_BELOW ? 1_000 : 1_000_000)));
}
