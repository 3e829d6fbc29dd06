import type { ConversationId } from '../../../../contract/index.js';
import { isMembershipEvent, type Entry } from './entry.js';
import { LogView } from './logView.js';

/** Queue of one conversation, with at most one batch in flight. Only the commit log changes it. */
export class Lane {
  readonly log: LogView;
  busy = false;
  /** Waiting entries, in order of arrival. */
  waiting: Entry[] = [];
  /** Entries that wait or are in flight, by sender and client id. */
  readonly unresolved = new Map<string, Entry>();

  constructor(readonly conversationId: ConversationId) {
    this.log = new LogView(conversationId);
  }

  get idle(): boolean {
    return !this.busy && this.unresolved.size === 0;
  }

  add(entry: Entry): void {
    this.waiting.push(entry);
    this.unresolved.set(entry.key, entry);
  }

  /** Returns entries to the head of the queue in their order. None of them has a `seq` yet. */
  putBack(entries: readonly Entry[]): void {
    this.waiting.unshift(...entries);
  }

  /** Takes the entries of one batch: a single one that must be inserted alone, or up to `limit` others. */
  take(limit: number): Entry[] {
    const first = this.waiting[0];
    if (first === undefined) return [];
    // Entries after a membership event are authorised by the membership that it produces.
    const goesAlone = ({ alone, draft }: Entry): boolean => alone || isMembershipEvent(draft);
    if (goesAlone(first)) return this.waiting.splice(0, 1);
    const firstAlone = this.waiting.findIndex(goesAlone);
    return this.waiting.splice(0, Math.min(limit, firstAlone === -1 ? this.waiting.length : firstAlone));
  }
}
