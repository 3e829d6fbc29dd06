import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { MessageRecord, Tail } from '../../models/messageModel.js';
import type { MemberFacts, Membership } from '../membership/membership.js';
import { isControl, type Entry } from './entry.js';

/** The queue of one conversation: at most one batch of it is in flight. */
export class Lane {
  /** Who is in the conversation; undefined until read, and again when it has to be read anew. */
  membership: Membership | undefined;
  /** The members of it that waiting entries are about: of a channel not all are in `membership`. */
  facts: ReadonlyMap<UserId, MemberFacts> = new Map();
  /** Where this process believes the log to end; the unique index corrects it. */
  tail: Tail | undefined;
  /** The last place that is known to be taken, also while the tail is in doubt. */
  knownSeq = 0;
  /** The last place that another process has said it took. */
  heardSeq = 0;
  busy = false;
  /** In the order of arrival. */
  waiting: Entry[] = [];
  /** Everything waiting or in flight, by sender and client id. */
  readonly unresolved = new Map<string, Entry>();

  constructor(readonly conversationId: ConversationId) {}

  get idle(): boolean {
    return !this.busy && this.unresolved.size === 0;
  }

  add(entry: Entry): void {
    this.waiting.push(entry);
    this.unresolved.set(entry.key, entry);
  }

  /** Whether this very entry has no answer yet: one that was answered may have a successor under its key. */
  holds(entry: Entry): boolean {
    return this.unresolved.get(entry.key) === entry;
  }

  /** Back to the head of the queue, in their order: their places have not been taken. */
  putBack(entries: readonly Entry[]): void {
    this.waiting.unshift(...entries);
  }

  /** What may go out in one batch: one entry by itself, or up to `limit` that need not be alone. */
  take(limit: number): Entry[] {
    const first = this.waiting[0];
    if (first === undefined) return [];
    // What stands behind a control entry is judged by what it has made of the conversation.
    const goesAlone = ({ alone, draft }: Entry): boolean => alone || isControl(draft);
    if (goesAlone(first)) return this.waiting.splice(0, 1);
    const firstAlone = this.waiting.findIndex(goesAlone);
    return this.waiting.splice(0, Math.min(limit, firstAlone === -1 ? this.waiting.length : firstAlone));
  }

  /**
   * Another process says that it has stored a message of this log: the next place is behind it, which the unique index
   * would have said a round trip later. Behind a control entry it does not say who may write: then the log is asked.
   */
  hear(tail: Tail): void {
    this.heardSeq = Math.max(this.heardSeq, tail.seq);
    if (this.tail === undefined) return;
    if (this.tail.control === tail.control) this.noteStored(tail);
    else if (!this.busy) this.tail = undefined;
  }

  /** A message of this log is known to be stored: the tail is at least there. */
  noteStored(message: Pick<MessageRecord, 'seq' | 'n' | 'control'>): void {
    this.knownSeq = Math.max(this.knownSeq, message.seq);
    if (this.tail === undefined || message.seq > this.tail.seq) {
      this.tail = { seq: message.seq, n: message.n, control: message.control };
    }
  }
}
