import { createLru } from '../../utils/lru.js';
import type { DueSubject } from './subjects.js';

/** Subjects whose deliveries are remembered. Forgotten ones may be delivered again. */
const MAX_REMEMBERED = 50_000;

/** Range of numbers of a log: after `from`, up to `to`. */
interface Range {
  from: number;
  to: number;
}

interface Known {
  isCreated?: boolean;
  seq?: Range;
  rev?: Range;
}

const extended = (known: Range | undefined, { from, to }: Range): Range =>
  known !== undefined && from >= known.from && from <= known.to
    ? { from: known.from, to: Math.max(known.to, to) }
    : { from, to };

/** Returns the part of a range that was not delivered; undefined when nothing is left. */
function remaining(
  known: Range | undefined,
  from: number | undefined,
  to: number | undefined,
): Range | undefined {
  if (from === undefined || to === undefined) return undefined;
  // A gap after what was delivered is filled: the log has no gaps, so its entries were committed late.
  const begin = known === undefined || from < known.from ? from : known.to;
  return begin < to ? { from: begin, to } : undefined;
}

/** Remembers what one process has delivered to one webhook, so that a batch that is read again is not sent again. */
export class Delivered {
  readonly #known = createLru<string, Known>(MAX_REMEMBERED);

  /** True when the end of this conversation's log is known: gaps before an entry are seen. */
  knows(key: string): boolean {
    return this.#known.get(key)?.seq !== undefined;
  }

  /** Returns what of a subject is still to be delivered; undefined for nothing. */
  rest(key: string, due: DueSubject): DueSubject | undefined {
    const known = this.#known.get(key);
    const { subject } = due;
    if (subject.kind !== 'conversation') return known === undefined ? due : undefined;
    const seq = remaining(known?.seq, subject.seq, due.lastSeq);
    const rev = remaining(known?.rev, subject.rev, due.lastRev);
    const isNew = subject.isNew === true && known?.isCreated !== true;
    if (seq === undefined && rev === undefined && !isNew) return undefined;
    const { kind, conversationId } = subject;
    return {
      subject: {
        ...{ kind, conversationId },
        ...(isNew && { isNew }),
        ...(seq !== undefined && { seq: seq.from }),
        ...(rev !== undefined && { rev: rev.from }),
      },
      ...(seq !== undefined && { lastSeq: seq.to }),
      ...(rev !== undefined && { lastRev: rev.to }),
    };
  }

  noteSubject(key: string): void {
    this.#known.set(key, { ...this.#known.get(key), isCreated: true });
  }

  note(key: string, log: 'seq' | 'rev', range: Range): void {
    const known = this.#known.get(key);
    this.#known.set(key, { ...known, [log]: extended(known?.[log], range) });
  }
}
