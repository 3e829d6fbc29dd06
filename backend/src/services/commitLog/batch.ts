import type { UserId } from '../../../../contract/index.js';
import type { MessageRecord, Tail } from '../../models/messageModel.js';
import type { Membership } from '../membership/index.js';
import { toRecord, type Entry, type SecrecyMarks } from './entry.js';
import type { LogView } from './logView.js';

/** Entries of one conversation within a batch. */
export interface Slot {
  log: LogView;
  entries: Entry[];
}

/** Entries that go to the database in one round trip. */
export interface Batch {
  /** An ordered insert stops at its first error, so that an error never leaves a hole in a log. */
  ordered: boolean;
  /** True when the batch consists of a single entry of a batch that failed before. */
  alone: boolean;
  slots: Slot[];
}

/** An entry and the record to insert for it, with its `seq`. */
export interface Sequenced {
  log: LogView;
  entry: Entry;
  record: MessageRecord;
}

/** The result of one entry of a batch. */
export type Outcome =
  /** Stored by this process, now or by an attempt whose answer was lost. `membership` includes the entry. */
  | { kind: 'stored'; entry: Entry; message: MessageRecord; membership: Membership }
  /** An earlier send with this `clientMessageId` and content is stored. */
  | { kind: 'duplicate'; entry: Entry; message: MessageRecord; membership: Membership }
  /** Not stored, and not retried. */
  | { kind: 'refused'; entry: Entry; error: Error }
  /** Not stored, because another process took its `seq` or the batch failed. The entry returns to its lane. */
  | { kind: 'retry'; entry: Entry };

const EMPTY: Tail = { seq: 0, n: 0, control: 0 };

/** Assigns each entry the next `seq` after the tail of its log. */
export function assignSeqs(
  slots: readonly Slot[],
  marksOf: (senderId: UserId, membership: Membership | undefined) => SecrecyMarks,
): Sequenced[] {
  return slots.flatMap(({ log, entries }) => {
    let tail = log.tail ?? EMPTY;
    const type = log.membership?.type ?? 'direct';
    return entries.map((entry) => {
      const marks = (senderId: UserId) => marksOf(senderId, log.membership);
      const record = toRecord(entry, tail, { type, marksOf: marks });
      tail = record;
      return { log, entry, record };
    });
  });
}
