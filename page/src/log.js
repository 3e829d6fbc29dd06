/**
 * A log: the messages of one conversation that are held here, ascending by `seq`, each `seq` once. The server numbers
 * without a gap, so a jump in `seq` is a hole: something this client has missed. Pure functions.
 *
 * @import { Message } from './types.js'
 */

/** @typedef {{ from: number, to: number }} Range both ends belong to it */

/**
 * The index of the first message whose `seq` is at least this.
 *
 * @param {readonly Message[]} log
 * @param {number} seq
 */
export function indexOf(log, seq) {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (log[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {readonly Message[]} log
 * @param {number} seq
 * @returns {Message | undefined}
 */
export function messageAt(log, seq) {
  const found = log[indexOf(log, seq)];
  return found?.seq === seq ? found : undefined;
}

/**
 * Adds messages. What is there already stays: a message may come twice. Gives the same array when nothing is new.
 *
 * @param {readonly Message[]} log
 * @param {readonly Message[]} messages in any order
 * @returns {readonly Message[]}
 */
export function insert(log, messages) {
  /** @type {Map<number, Message>} */
  const fresh = new Map();
  for (const message of messages) {
    if (messageAt(log, message.seq) === undefined) fresh.set(message.seq, message);
  }
  if (fresh.size === 0) return log;
  return [...log, ...fresh.values()].sort((a, b) => a.seq - b.seq);
}

/**
 * What is missing between the oldest message held and the newest there is. What lies before the oldest is history
 * that was not loaded yet, no hole; nor is an empty log one.
 *
 * @param {readonly Message[]} log
 * @param {number} lastSeq the newest `seq` of the conversation
 * @returns {Range[]} oldest first
 */
export function holes(log, lastSeq) {
  if (log.length === 0) return [];
  /** @type {Range[]} */
  const found = [];
  let next = log[0].seq;
  for (const { seq } of log) {
    if (seq > next) found.push({ from: next, to: seq - 1 });
    next = seq + 1;
  }
  if (lastSeq >= next) found.push({ from: next, to: lastSeq });
  return found;
}

/**
 * The newest messages held without a hole between them.
 *
 * @param {readonly Message[]} log
 * @returns {Range | undefined}
 */
export function newestRun(log) {
  if (log.length === 0) return undefined;
  let index = log.length - 1;
  const to = log[index].seq;
  while (index > 0 && log[index - 1].seq === log[index].seq - 1) index -= 1;
  return { from: log[index].seq, to };
}

/**
 * Whether every message of a range is held.
 *
 * @param {readonly Message[]} log
 * @param {Range} range
 */
export const covers = (log, { from, to }) => indexOf(log, to + 1) - indexOf(log, from) === to - from + 1;
