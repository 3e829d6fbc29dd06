import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { MessageRecord, Tail } from '../../models/messageModel.js';
import type { MemberFacts, Membership } from '../membership/index.js';

/**
 * State of one conversation's log as this process knows it. Other processes write to the same log, so it may be
 * outdated: the unique index on (conversation, seq) detects that. It is changed by the batch writer and by
 * announcements of other processes.
 */
export class LogView {
  /** Membership as of the tail. Undefined until it is loaded. */
  membership: Membership | undefined;
  /**
   * Members that waiting entries concern. They are loaded separately, because a channel's `membership` is incomplete.
   */
  facts: ReadonlyMap<UserId, MemberFacts> = new Map();
  /** Last known entry. Undefined when it must be read from the database. */
  tail: Tail | undefined;
  /** Highest `seq` that is known to be taken. It is kept while `tail` is undefined. */
  knownSeq = 0;
  /** Highest `seq` that another process has announced. */
  remoteSeq = 0;

  constructor(readonly conversationId: ConversationId) {}

  /**
   * Adopts the tail that another process has announced. Otherwise the next insert would fail at the unique index and
   * cost a round trip. If the announcement follows an unknown membership event, the tail is discarded instead, so
   * that the log is read again.
   *
   * @param isWriting true while a batch of this conversation is in flight: then the tail is not discarded.
   */
  noteRemote(tail: Tail, { isWriting }: { isWriting: boolean }): void {
    this.remoteSeq = Math.max(this.remoteSeq, tail.seq);
    if (this.tail === undefined) return;
    if (this.tail.control === tail.control) this.noteStored(tail);
    else if (!isWriting) this.tail = undefined;
  }

  /** Notes that an entry is stored: the tail is at its `seq` or later. */
  noteStored({ seq, n, control }: Pick<MessageRecord, 'seq' | 'n' | 'control'>): void {
    this.knownSeq = Math.max(this.knownSeq, seq);
    if (this.tail === undefined || seq > this.tail.seq) this.tail = { seq, n, control };
  }
}
