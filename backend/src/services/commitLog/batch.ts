import type { UserId } from '../../../../contract/index.js';
import type { MessageRecord, Tail } from '../../models/messageModel.js';
import { toRecord, type Entry } from './entry.js';
import type { Lane } from './lane.js';

/** What one insert takes from one conversation. */
export interface Slot {
  lane: Lane;
  entries: Entry[];
}

/** What goes to the database in one round trip. */
export interface Batch {
  ordered: boolean;
  /** One entry by itself, after a failure. */
  alone: boolean;
  slots: Slot[];
}

/** An entry with the place that it is to take. */
export interface Placed {
  lane: Lane;
  entry: Entry;
  record: MessageRecord;
}

const EMPTY: Tail = { seq: 0, n: 0, control: 0 };

/**
 * Gives each entry the next place behind its lane's tail.
 *
 * @param isShadowed whose messages nobody else is to see.
 */
export function placeEntries(slots: readonly Slot[], isShadowed: (senderId: UserId) => boolean): Placed[] {
  return slots.flatMap(({ lane, entries }) => {
    let tail = lane.tail ?? EMPTY;
    const type = lane.membership?.type ?? 'direct';
    return entries.map((entry) => {
      const record = toRecord(entry, tail, { type, isShadowed });
      tail = record;
      return { lane, entry, record };
    });
  });
}

/** Placed entries by their lane, in their order. */
export function groupByLane<One extends Placed>(placed: readonly One[]): Map<Lane, One[]> {
  const groups = new Map<Lane, One[]>();
  for (const one of placed) {
    const group = groups.get(one.lane);
    if (group === undefined) groups.set(one.lane, [one]);
    else group.push(one);
  }
  return groups;
}
