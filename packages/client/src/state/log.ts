import type { LogEntry } from './types.js';

/** Range of `seq`, both ends included. */
export interface SeqRange {
  fromSeq: number;
  toSeq: number;
}

/** Returns the index of the first entry whose `seq` is at least this. */
export function indexOfSeq(log: readonly LogEntry[], seq: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function entryAt(log: readonly LogEntry[], seq: number): LogEntry | undefined {
  const found = log[indexOfSeq(log, seq)];
  return found?.seq === seq ? found : undefined;
}

/** Adds entries, given in any order. Entries that are held stay as they are. Returns the same array when nothing is new. */
export function insertEntries(log: readonly LogEntry[], entries: readonly LogEntry[]): readonly LogEntry[] {
  const added = new Map<number, LogEntry>();
  for (const entry of entries) {
    if (entryAt(log, entry.seq) === undefined) added.set(entry.seq, entry);
  }
  if (added.size === 0) return log;
  return [...log, ...added.values()].sort((a, b) => a.seq - b.seq);
}

/**
 * Returns the ranges that are missing between the oldest entry held and the newest that exists, oldest first. Entries before
 * the oldest held are history that was not loaded yet, not a gap. An empty log has no gaps.
 */
export function gapsIn(log: readonly LogEntry[], lastSeq: number): SeqRange[] {
  const first = log[0];
  if (first === undefined) return [];
  const gaps: SeqRange[] = [];
  let next = first.seq;
  for (const { seq } of log) {
    if (seq > next) gaps.push({ fromSeq: next, toSeq: seq - 1 });
    next = seq + 1;
  }
  if (lastSeq >= next) gaps.push({ fromSeq: next, toSeq: lastSeq });
  return gaps;
}

/** Returns the range of the newest entries that are held without a gap between them. */
export function newestRun(log: readonly LogEntry[]): SeqRange | undefined {
  const last = log.at(-1);
  if (last === undefined) return undefined;
  let index = log.length - 1;
  let fromSeq = last.seq;
  while (index > 0 && log[index - 1]?.seq === fromSeq - 1) {
    index -= 1;
    fromSeq -= 1;
  }
  return { fromSeq, toSeq: last.seq };
}

/** Whether every entry of a range is held. */
export const covers = (log: readonly LogEntry[], { fromSeq, toSeq }: SeqRange): boolean =>
  indexOfSeq(log, toSeq + 1) - indexOfSeq(log, fromSeq) === toSeq - fromSeq + 1;
