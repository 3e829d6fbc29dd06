import type { MessageRecord } from '../../models/messageModel.js';
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

/** Gives each entry the next place behind its lane's tail. */
export function placeEntries(slots: readonly Slot[]): Placed[] {
  return slots.flatMap(({ lane, entries }) => {
    const { seq, n, control } = lane.tail ?? { seq: 0, n: 0, control: 0 };
    return entries.map((entry, index) => ({
      lane,
      entry,
      record: toRecord(entry, { seq: seq + 1 + index, n: n + 1 + index, control }),
    }));
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
