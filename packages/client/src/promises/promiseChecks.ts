import type { Violation } from '../api/events.js';
import type { Store } from '../observable/store.js';
import { isContent, isMessage, toEntry } from '../state/entries.js';
import { entryAt } from '../state/log.js';
import { logOf } from '../state/selectors.js';
import type { Message } from '../state/types.js';
import type {
  ChangePage,
  CommandData,
  CommandName,
  CommandPayload,
  ConversationView,
  EntryView,
  MessagePage,
  PositionView,
} from '../wire/index.js';
import { BoundedMap } from './boundedMap.js';

/** Own messages and positions remembered. */
const MAX_REMEMBERED = 2_000;

interface Acknowledged {
  conversationId: string;
  seq: number;
  clientMessageId: string;
}

/** A confirmed own position, with the number of the check at which it was confirmed. */
interface Stated {
  readSeq: number;
  deliveredSeq: number;
  at: number;
}

/**
 * Compares what the server sends with what it has sent before, and reports broken promises with the evidence. Everything is
 * observed before it is applied. The checks are one-sided: what a client cannot know is not reported.
 */
export class PromiseChecks {
  readonly #store: Store;
  readonly #onViolation: (violation: Violation) => void;
  /** `seq` of own messages by conversation and `clientMessageId`. */
  readonly #ownSeqs = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** Acknowledged messages by conversation and `seq`. */
  readonly #acknowledged = new BoundedMap<string, Acknowledged>(MAX_REMEMBERED);
  /** Highest acknowledged `seq` by conversation, with the number of the check at which it was acknowledged. */
  readonly #acknowledgedSeq = new BoundedMap<string, { seq: number; at: number }>(MAX_REMEMBERED);
  readonly #ownPositions = new BoundedMap<string, Stated>(MAX_REMEMBERED);
  #now = 0;

  constructor({ store, onViolation }: { store: Store; onViolation: (violation: Violation) => void }) {
    this.#store = store;
    this.#onViolation = onViolation;
  }

  /** Forgets everything: another user, or another history of the server. */
  clear(): void {
    this.#ownSeqs.clear();
    this.#acknowledged.clear();
    this.#acknowledgedSeq.clear();
    this.#ownPositions.clear();
  }

  /** Marks the moment of a request. An answer is compared with what was known before it. */
  begin(): number {
    this.#now += 1;
    return this.#now;
  }

  /** Observes the answer to a command. */
  answered<Name extends CommandName>(
    name: Name,
    { payload, data, since }: { payload: CommandPayload<Name>; data: CommandData<Name>; since: number },
  ): void {
    const observe: Observers[Name] | undefined = OBSERVERS[name];
    observe?.(this, { payload, data, since });
  }

  /** Observes a message that was pushed, stored or loaded. */
  entry(view: EntryView): void {
    const entry = toEntry(view);
    const state = this.#store.getState();
    const held = entryAt(logOf(state, entry.conversationId), entry.seq);
    if (!isMessage(entry)) return;
    if (held !== undefined && isMessage(held) && held._id !== entry._id) {
      this.#report('seqChanged', entry, { seq: entry.seq, heldId: held._id, receivedId: entry._id });
    }
    if (isContent(entry) && entry.senderId === state.userId) this.#own(entry);
  }

  #own({ conversationId, clientMessageId, seq }: Message): void {
    const key = `${conversationId}/${clientMessageId}`;
    const known = this.#ownSeqs.get(key);
    if (known !== undefined && known !== seq) {
      this.#report('duplicate', { conversationId }, { clientMessageId, seq: known, otherSeq: seq });
    }
    this.#ownSeqs.set(key, seq);
  }

  /** Observes the data of `message:new`. */
  pushed(data: unknown): void {
    if (typeof data === 'object' && data !== null && 'seq' in data) this.entry(data as EntryView);
  }

  acknowledged(message: Message): void {
    const { conversationId, seq, clientMessageId } = message;
    this.entry(message);
    this.#acknowledged.set(`${conversationId}/${seq}`, { conversationId, seq, clientMessageId });
    if (seq > (this.#acknowledgedSeq.get(conversationId)?.seq ?? 0)) {
      this.#acknowledgedSeq.set(conversationId, { seq, at: this.#now });
    }
  }

  page(requested: CommandPayload<'getMessages'>, page: MessagePage, since: number): void {
    if (page.reload === true) return;
    const { messages, lastSeq } = page;
    const conversationId = messages[0]?.conversationId ?? requested.conversationId;
    messages.forEach((entry, index) => {
      const before = messages[index - 1];
      if (before !== undefined && entry.seq !== before.seq + 1) {
        this.#report('seqGap', { conversationId }, { seq: before.seq, nextSeq: entry.seq });
      }
      this.entry(entry);
      this.#stillThere(entry);
    });
    const known = this.#acknowledgedSeq.get(conversationId);
    // A message that was acknowledged after the request need not be in its answer.
    if (known !== undefined && known.at < since && lastSeq < known.seq) {
      this.#report('acknowledgedLost', { conversationId }, { seq: known.seq, lastSeq });
    }
  }

  /** An acknowledged message is found at its `seq`. It may be hidden: deleted for its sender, or cleared. */
  #stillThere(entry: EntryView): void {
    const known = this.#acknowledged.get(`${entry.conversationId}/${entry.seq}`);
    if (known === undefined || entry.kind === 'hidden' || entry.clientMessageId === known.clientMessageId)
      return;
    const { seq, clientMessageId } = known;
    this.#report('acknowledgedLost', known, { seq, clientMessageId, foundId: entry.clientMessageId });
  }

  changes({ conversationId, afterRev }: CommandPayload<'getChanges'>, page: ChangePage): void {
    if (page.reload === true) return;
    let expected = afterRev + 1;
    for (const { rev } of page.changes) {
      if (rev !== expected) this.#report('revGap', { conversationId }, { expectedRev: expected, rev });
      expected = rev + 1;
    }
    if (!page.hasMore && page.rev >= expected) {
      this.#report('revGap', { conversationId }, { expectedRev: expected, rev: page.rev });
    }
  }

  /** The server's statement about the user's own position, in an answer to a request made at `since`. */
  ownPosition(conversationId: string, stated: Omit<Stated, 'at'>, since: number): void {
    // Members who were removed and added again begin anew.
    const isKnown = this.#store.getState().conversations[conversationId] !== undefined;
    const known = isKnown ? this.#ownPositions.get(conversationId) : undefined;
    if (known === undefined || known.at >= since || !isBehind(stated, known)) return;
    const { readSeq, deliveredSeq } = known;
    this.#report('positionBack', { conversationId }, { readSeq, deliveredSeq, stated });
  }

  /** A position that the server has confirmed is stored. Others may be derived from own messages, and lag on other servers. */
  #confirm(conversationId: string, confirmed: Omit<Stated, 'at'>): void {
    const known = this.#ownPositions.get(conversationId);
    this.#ownPositions.set(conversationId, {
      readSeq: Math.max(confirmed.readSeq, known?.readSeq ?? 0),
      deliveredSeq: Math.max(confirmed.deliveredSeq, known?.deliveredSeq ?? 0),
      at: this.#now,
    });
  }

  view(view: ConversationView, since: number): void {
    const { _id, lastReadSeq, lastDeliveredSeq, lastMessage } = view;
    this.ownPosition(_id, { readSeq: lastReadSeq, deliveredSeq: lastDeliveredSeq }, since);
    if (lastMessage !== undefined) this.entry(lastMessage);
  }

  sync(page: CommandData<'sync'>, since: number): void {
    const { epoch } = this.#store.getState();
    // Another history: nothing that was known before can be compared.
    if (page.reload === true || (epoch !== undefined && epoch !== page.epoch)) {
      this.clear();
      return;
    }
    for (const view of page.conversations) this.view(view, since);
  }

  /** The answer to a report of the user's position up to `seq`. */
  reported(
    position: PositionView,
    { seq = 0, wasRead, since }: { seq: number | undefined; wasRead: boolean; since: number },
  ): void {
    const { conversationId, userId, readSeq, deliveredSeq } = position;
    if (userId !== this.#store.getState().userId) return;
    this.ownPosition(conversationId, position, since);
    this.#confirm(conversationId, {
      readSeq: wasRead ? Math.min(seq, readSeq) : 0,
      deliveredSeq: Math.min(seq, Math.max(readSeq, deliveredSeq)),
    });
  }

  #report(
    kind: Violation['kind'],
    { conversationId }: { conversationId: string },
    evidence: Record<string, unknown>,
  ): void {
    this.#onViolation({ kind, conversationId, evidence });
  }
}

const isBehind = (stated: Omit<Stated, 'at'>, known: Stated): boolean =>
  stated.readSeq < known.readSeq || Math.max(stated.deliveredSeq, stated.readSeq) < known.deliveredSeq;

type Observers = {
  [Name in CommandName]?: (
    checks: PromiseChecks,
    answer: { payload: CommandPayload<Name>; data: CommandData<Name>; since: number },
  ) => void;
};

const OBSERVERS: Observers = {
  sendMessage: (checks, { data }) => checks.acknowledged(data),
  getMessages: (checks, { payload, data, since }) => checks.page(payload, data, since),
  getChanges: (checks, { payload, data }) => checks.changes(payload, data),
  getConversation: (checks, { data, since }) => checks.view(data.conversation, since),
  getConversations: (checks, { data, since }) => {
    for (const view of data.conversations) checks.view(view, since);
  },
  sync: (checks, { data, since }) => checks.sync(data, since),
  'message:read': (checks, { payload, data, since }) =>
    checks.reported(data, { seq: payload.seq, wasRead: true, since }),
  'message:delivered': (checks, { payload, data, since }) =>
    checks.reported(data, { seq: payload.seq, wasRead: false, since }),
};
