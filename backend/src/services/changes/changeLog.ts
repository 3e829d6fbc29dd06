import type { ConversationId } from '../../../../contract/index.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import { newMessageId } from '../../models/objectIds.js';
import { AppError, unavailable } from '../../utils/appError.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Lease } from '../commitLog/parts.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import type { WriteWatermark } from '../derived/writeWatermark.js';
import type { Membership } from '../membership/membership.js';
import { applyLedger, type ApplyParts } from './apply.js';
import { createWaiting, toChange, type ChangeDraft, type Changed, type Waiting } from './change.js';
import { judge, noSuchMessage, type ChangeWindows } from './judge.js';
import { readLedger, type LedgerParts, type Opened } from './readLedger.js';
import type { Ledger } from './ledger.js';

export interface ChangeLogParts extends LedgerParts, ApplyParts {
  changes: ChangeModel;
  changedMessages: ChangedMessages;
  reactions: ReactionModel;
  lease: Lease;
  time: DatabaseTime;
  watermark: WriteWatermark;
  logger: Logger;
  windowsOfChange: ChangeWindows;
  /** Called with what was stored and applied, in its order, before anybody is answered. */
  onChanged: (changed: readonly { waiting: Waiting; changed: Changed }[]) => Promise<void>;
}

/** Changes per insert. */
const MAX_BATCH = 100;
/** Changes that may wait in this process. */
const MAX_WAITING = 10_000;
const MAX_FAILURES = 3;
/** What was judged longer ago than this is not stored, in ms. */
const MAX_JUDGED_MS = 1_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

interface Lane {
  conversationId: ConversationId;
  waiting: Waiting[];
  /** Taken out of `waiting` and not brought to an end yet. */
  taken: Waiting[];
  /** Those who wait for everything that is in the log to be applied. */
  catchingUp: (() => void)[];
}

/** What a round made of one that waits. */
interface Ruled {
  waiting: Waiting;
  /** Refused, so already, or the entry that it becomes. */
  ruling: AppError | 'nothing' | ChangeRecord;
  /** An earlier attempt has stored it. */
  isStored: boolean;
}

const isChange = (ruling: Ruled['ruling']): ruling is ChangeRecord =>
  ruling !== 'nothing' && !(ruling instanceof AppError);

/**
 * The second log: gives every change of a message its place (`rev`) in its conversation, and applies it. What waits for
 * one conversation goes out together; one round per conversation is under way at a time. A change is judged against the
 * message as of the end of the log, and the unique place makes sure that it is still the end when it is stored.
 */
export class ChangeLog {
  readonly #parts: ChangeLogParts;
  readonly #lanes = new Map<ConversationId, Lane>();
  #running: Promise<void> = Promise.resolve();
  #waitingCount = 0;
  #isClosed = false;

  constructor(parts: ChangeLogParts) {
    this.#parts = parts;
  }

  /** Takes a change in. @throws AppError `UNAVAILABLE` when too much waits; the promise rejects with a refusal. */
  append(draft: ChangeDraft): Promise<Changed> {
    if (this.#isClosed) throw unavailable('The server is stopping.');
    if (this.#waitingCount >= MAX_WAITING) throw unavailable('Too many changes wait for the database.');
    const waiting = createWaiting(draft, newMessageId());
    this.#waitingCount += 1;
    this.#open(draft.conversationId, (lane) => lane.waiting.push(waiting));
    return waiting.promise;
  }

  /** Resolves when everything that was in a conversation's log is applied: also what a process left that died. */
  catchUp(conversationId: ConversationId): Promise<void> {
    return new Promise((resolve) => {
      this.#open(conversationId, (lane) => lane.catchingUp.push(resolve));
    });
  }

  /** The smallest id of a change that may be stored and is not applied yet. */
  oldestPendingId(): string | undefined {
    let oldest: string | undefined;
    for (const { waiting, taken } of this.#lanes.values()) {
      for (const { _id } of [...taken, ...waiting]) {
        if (oldest === undefined || _id < oldest) oldest = _id;
      }
    }
    return oldest;
  }

  /** Takes nothing more, and resolves when everything taken in is brought to an end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#lanes.size > 0) await this.#running;
  }

  #open(conversationId: ConversationId, add: (lane: Lane) => void): void {
    const known = this.#lanes.get(conversationId);
    const lane = known ?? { conversationId, waiting: [], taken: [], catchingUp: [] };
    add(lane);
    if (known !== undefined) return;
    this.#lanes.set(conversationId, lane);
    this.#running = Promise.all([this.#running, this.#run(lane)]).then(() => undefined);
  }

  async #run(lane: Lane): Promise<void> {
    // What is asked for in this turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    while (lane.waiting.length > 0 || lane.catchingUp.length > 0) {
      lane.taken = lane.waiting.splice(0, MAX_BATCH);
      const catchingUp = lane.catchingUp.splice(0);
      try {
        await this.#round(lane);
        for (const done of catchingUp) done();
        backoff.reset();
      } catch (error) {
        this.#parts.logger.warn({ err: error, changes: lane.taken.length }, 'changes wait for the database');
        lane.catchingUp.unshift(...catchingUp);
        await sleep(backoff.next());
      }
      lane.waiting.unshift(...lane.taken);
      lane.taken = [];
    }
    this.#lanes.delete(lane.conversationId);
  }

  /** Brings those taken as far as it can; who is left in `taken` goes again. */
  async #round(lane: Lane): Promise<void> {
    // Asked before the end is read: what is found is then in the log that is read, or applied already.
    const found = await this.#findDoubtful(lane);
    const opened = await readLedger(this.#parts, lane);
    const rulings = this.#judgeAll(lane, opened, found);
    const lost = await this.#insert(lane, rulings, opened.readAtMs);
    // Judged one behind the other: what stands behind one that was not stored goes again with it.
    const held = lost === undefined ? rulings : rulings.slice(0, rulings.indexOf(lost));
    const stored = held.flatMap(({ ruling, isStored }) =>
      isChange(ruling) && !isStored ? [{ change: ruling }] : [],
    );
    const ledger = lost === undefined ? opened.ledger : opened.foldAgain(stored);
    if (stored.length > 0 || opened.isBehind) await this.#apply(ledger);
    await this.#answer(lane, { held, ledger, membership: opened.judged.membership });
  }

  #judgeAll(lane: Lane, { ledger, judged }: Opened, found: readonly ChangeRecord[]): Ruled[] {
    const byId = new Map(found.map((change) => [change._id, change]));
    const nowMs = this.#parts.time.nowMs();
    const stored = lane.taken.flatMap((waiting): Ruled[] => {
      const ruling = byId.get(waiting._id);
      return ruling === undefined ? [] : [{ waiting, ruling, isStored: true }];
    });
    const fresh = lane.taken
      .filter(({ _id }) => !byId.has(_id))
      .map((waiting): Ruled => {
        const court = { ...judged, ledger, nowMs, windows: this.#parts.windowsOfChange };
        const verdict = judge(waiting.draft, court);
        if (verdict === 'nothing' || verdict instanceof AppError) {
          return { waiting, ruling: verdict, isStored: false };
        }
        const change = toChange(waiting, { rev: ledger.rev + 1, at: new Date(nowMs) }, verdict);
        ledger.fold(change);
        return { waiting, ruling: change, isStored: false };
      });
    return [...stored, ...fresh];
  }

  /**
   * Stores what was granted, unless it was judged too long ago.
   *
   * @returns the first that was not stored: its place was taken, or it failed.
   */
  async #insert(lane: Lane, rulings: readonly Ruled[], judgedAtMs: number): Promise<Ruled | undefined> {
    const { lease, changes } = this.#parts;
    const granted = rulings.filter(({ ruling, isStored }) => isChange(ruling) && !isStored);
    if (granted.length === 0) return undefined;
    // Last of all: what came before may have taken so long that another process has taken over.
    if (!lease.isFresh()) await lease.ensureFresh();
    // A process that was asleep judges again: somebody may have been removed meanwhile.
    if (monotonicMs() - judgedAtMs > MAX_JUDGED_MS) return granted[0];
    for (const { waiting } of granted) waiting.isDoubtful = true;
    const results = await changes.insert(granted.flatMap(({ ruling }) => (isChange(ruling) ? [ruling] : [])));
    const index = results.findIndex(({ outcome }) => outcome !== 'stored');
    const lost = granted[index];
    const result = results[index];
    if (lost !== undefined && result?.outcome === 'failed')
      this.#noteFailure(lane, lost.waiting, result.error);
    return lost;
  }

  #noteFailure(lane: Lane, waiting: Waiting, cause: unknown): void {
    waiting.failures += 1;
    if (waiting.failures < MAX_FAILURES) return;
    this.#parts.logger.error({ cause }, 'a change cannot be stored');
    this.#settle(lane, waiting).reject(new AppError('INTERNAL', 'This cannot be stored.', { cause }));
  }

  /** Of those whose outcome was unknown, or who met a unique index: the ones that are stored. */
  #findDoubtful(lane: Lane): Promise<ChangeRecord[]> {
    const ids = lane.taken.filter(({ isDoubtful }) => isDoubtful).map(({ _id }) => _id);
    return this.#parts.changes.findByIds(ids);
  }

  /** What is stored gets applied, however long the database is away. */
  async #apply(ledger: Ledger): Promise<void> {
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    for (;;) {
      try {
        await this.#parts.watermark.track(() => applyLedger(this.#parts, ledger));
        return;
      } catch (error) {
        this.#parts.logger.warn({ err: error }, 'changes could not be applied, trying again');
        await sleep(backoff.next());
      }
    }
  }

  /** Everything that was judged holds and is applied: tells everybody, then those who wait. */
  async #answer(
    lane: Lane,
    { held, ledger, membership }: { held: readonly Ruled[]; ledger: Ledger; membership: Membership },
  ): Promise<void> {
    const answers = held.map(({ waiting, ruling }) => {
      const message = ledger.message(waiting.draft.seq);
      if (ruling instanceof AppError || message === undefined) {
        return { waiting, refusal: ruling instanceof AppError ? ruling : noSuchMessage() };
      }
      const change = isChange(ruling) ? ruling : undefined;
      return { waiting, changed: { change, message, rev: change?.rev ?? ledger.rev, membership } };
    });
    await this.#parts
      .onChanged(answers.flatMap(({ waiting, changed }) => (changed ? [{ waiting, changed }] : [])))
      .catch((error: unknown) => {
        // Live delivery is a hint: who missed it learns by `sync`.
        this.#parts.logger.warn({ err: error }, 'changes could not be announced');
      });
    for (const { waiting, changed, refusal } of answers) {
      const settled = this.#settle(lane, waiting);
      if (changed === undefined) settled.reject(refusal);
      else settled.resolve(changed);
    }
  }

  #settle(lane: Lane, waiting: Waiting): Waiting {
    lane.taken = lane.taken.filter((one) => one !== waiting);
    this.#waitingCount -= 1;
    return waiting;
  }
}
