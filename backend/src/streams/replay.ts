import type {
  Answer,
  ChangeView,
  CommandData,
  CommandName,
  CommandPayload,
  ConversationId,
  EntryView,
  ErrorCode,
} from '../../../contract/index.js';
import { ERRORS } from '../../../contract/index.js';
import { sleep } from '../utils/clock.js';
import type { Positions } from './positions.js';

export type Ask = <Name extends CommandName>(
  name: Name,
  payload: CommandPayload<Name>,
) => Promise<Answer<CommandData<Name>>>;

export interface ReplayDeps {
  ask: Ask;
  positions: Positions;
  /** Entries of conversations without numbers in `positions` are delivered when they are older than this. */
  deliveredBeforeMs: () => number;
  emit: (event: string, data: unknown) => void;
  /** Resolves when the reader has taken what was written: a replay never fills the write buffer. */
  ready: () => Promise<void>;
  /** True when the stream has ended: nothing is read any more. */
  isOver: () => boolean;
}

/** The absence was so long that replaying it would take too much: the client has to load what it shows. */
export class TooMuchToReplay extends Error {}

/** The stream ended, or the user may not read this any more. */
export class CannotReplay extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** Events of one replay. Beyond it a client is better served by loading what it shows. */
const MAX_EVENTS = 5_000;
/** Wait before a failed read is repeated, in ms: the database may be away for long, and many streams wait for it. */
const RETRY_MS = { first: 250, max: 5_000 };
/** Entries of a page. Small, since a page is written at once. */
const PAGE = 50;

const EVENT_OF_CHANGE = {
  edit: 'message:updated',
  pin: 'message:updated',
  hidden: 'message:updated',
  delete: 'message:deleted',
  reaction: 'message:reaction',
} as const;

/** Reads what a stream has not delivered, and delivers it in the order of each conversation's log and change log. */
export class Replay {
  readonly #deps: ReplayDeps;
  #events = 0;

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  /**
   * Delivers messages up to this `seq` that were not delivered yet.
   *
   * @throws TooMuchToReplay, CannotReplay.
   */
  async messages(id: ConversationId, lastSeq: number): Promise<void> {
    const known = this.#deps.positions.of(id)?.seq;
    if (known === undefined) await this.#messagesSince(id, lastSeq);
    else await this.#messagesAfter(id, known, lastSeq);
    this.#deps.positions.note(id, { seq: lastSeq });
  }

  /**
   * Delivers changes up to this `rev` that were not delivered yet.
   *
   * @throws TooMuchToReplay, CannotReplay.
   */
  async changes(id: ConversationId, lastRev: number): Promise<void> {
    const known = this.#deps.positions.of(id)?.rev;
    if (known === undefined) await this.#changesSince(id, lastRev);
    else await this.#changesAfter(id, known, lastRev);
    this.#deps.positions.note(id, { rev: lastRev });
  }

  /** Delivers an event that belongs to no log. */
  deliver(event: string, data: unknown): void {
    this.#events += 1;
    if (this.#events > MAX_EVENTS) throw new TooMuchToReplay();
    this.#deps.emit(event, data);
  }

  /**
   * Runs a read, again and again while the server cannot answer it.
   *
   * @throws CannotReplay for refusals that a repetition does not change, and when the stream ends.
   */
  async read<Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
  ): Promise<CommandData<Name>> {
    const { ask, ready, isOver } = this.#deps;
    await ready();
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.max)) {
      const answer = await ask(name, payload);
      if (answer.success) return answer.data;
      const { retry } = ERRORS[answer.code];
      if (isOver() || retry === 'never' || retry === 'auth') throw new CannotReplay(answer.code);
      await sleep(Math.max(answer.retryAfterMs ?? 0, waitMs * (0.5 + Math.random() / 2)));
    }
  }

  async #messagesAfter(id: ConversationId, seq: number, lastSeq: number): Promise<void> {
    for (let after = seq; after < lastSeq;) {
      const page = await this.read('getMessages', { conversationId: id, after, limit: PAGE });
      const last = page.messages.at(-1)?.seq;
      if (last === undefined) return;
      this.#deliverMessages(id, page.messages);
      after = last;
    }
  }

  /** Walks back to the first message that is not older than everything delivered. */
  async #messagesSince(id: ConversationId, lastSeq: number): Promise<void> {
    const found: EntryView[] = [];
    const isDelivered = (entry: EntryView): boolean => this.#isDelivered(entry.createdAt);
    for (let before = lastSeq + 1; before > 1;) {
      const page = await this.read('getMessages', { conversationId: id, before, limit: PAGE });
      const firstNew = page.messages.findLastIndex(isDelivered) + 1;
      found.unshift(...page.messages.slice(firstNew));
      before = page.messages[0]?.seq ?? 1;
      if (firstNew > 0) break;
      if (found.length > MAX_EVENTS) throw new TooMuchToReplay();
    }
    this.#deliverMessages(id, found);
  }

  async #changesAfter(id: ConversationId, rev: number, lastRev: number): Promise<void> {
    for (let afterRev = rev; afterRev < lastRev;) {
      const page = await this.#changePage(id, afterRev);
      const last = page.at(-1)?.rev;
      if (last === undefined) return;
      this.#deliverChanges(id, page);
      afterRev = last;
    }
  }

  async #changesSince(id: ConversationId, lastRev: number): Promise<void> {
    const isDelivered = (change: ChangeView): boolean => this.#isDelivered(change.at);
    for (let step = PAGE, from = lastRev; from > 0; step *= 2) {
      from = Math.max(0, lastRev - step);
      if (step > MAX_EVENTS) throw new TooMuchToReplay();
      const page = await this.#changePage(id, from);
      const firstNew = page.findLastIndex(isDelivered) + 1;
      if (firstNew === 0 && from > 0) continue;
      this.#deliverChanges(id, page.slice(firstNew));
      await this.#changesAfter(id, page.at(-1)?.rev ?? lastRev, lastRev);
      return;
    }
  }

  async #changePage(conversationId: ConversationId, afterRev: number): Promise<ChangeView[]> {
    return (await this.read('getChanges', { conversationId, afterRev, limit: PAGE })).changes;
  }

  /** Entries without a time are placeholders: their neighbours decide. */
  #isDelivered(time: string | undefined): boolean {
    return time !== undefined && Date.parse(time) < this.#deps.deliveredBeforeMs();
  }

  #deliverMessages(id: ConversationId, entries: readonly EntryView[]): void {
    for (const entry of entries) {
      this.#deps.positions.note(id, { seq: entry.seq });
      this.deliver('message:new', entry);
    }
  }

  #deliverChanges(id: ConversationId, changes: readonly ChangeView[]): void {
    for (const change of changes) {
      this.#deps.positions.note(id, { rev: change.rev });
      this.deliver(EVENT_OF_CHANGE[change.kind], change);
    }
  }
}
