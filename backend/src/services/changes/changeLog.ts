import type { ConversationId } from '../../../../contract/index.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import { newMessageId } from '../../models/objectIds.js';
import { AppError, unavailable } from '../../utils/appError.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Lease, WriteWatermark } from '../runtime/index.js';
import type { LoadedConversations } from '../views/index.js';
import { applyLedger, type ApplyDeps } from './applyLedger.js';
import { createQueuedChange, type ChangeDraft, type Changed, type QueuedChange } from './change.js';
import { noSuchMessage } from './authorizeChange.js';
import {
  decideChanges,
  isChange,
  type DecideDeps,
  type DecidedChange,
  type JudgedLedger,
} from './decideChanges.js';
import { readLedger, type LedgerDeps } from './readLedger.js';
import type { Restrictions, Visibility } from '../visibility/index.js';
import { viewersOf } from './viewersOf.js';
import type { Ledger } from './ledger.js';

export interface ChangeLogDeps extends LedgerDeps, ApplyDeps, DecideDeps {
  changes: ChangeModel;
  changedMessages: ChangedMessages;
  reactions: ReactionModel;
  lease: Lease;
  restrictions: Restrictions;
  visibility: Pick<Visibility, 'viewerOf'>;
  watermark: WriteWatermark;
  logger: Logger;
  /**
   * Called with stored and applied changes, in their order, before any caller receives an answer, and with the conversation
   * after them if it is known.
   */
  onChanged: (
    changed: readonly { queued: QueuedChange; changed: Changed }[],
    record: ConversationRecord | undefined,
  ) => Promise<LoadedConversations | undefined>;
}

/** Maximum number of changes per insert. */
const MAX_BATCH = 100;
/** Maximum number of changes that wait in this process. */
const MAX_QUEUED = 10_000;
const MAX_FAILURES = 3;
/** Verdicts older than this are not stored, in ms: the membership may have changed since. */
const MAX_VERDICT_AGE_MS = 1_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

interface Lane {
  conversationId: ConversationId;
  queue: QueuedChange[];
  /** Taken out of `queue` and not settled yet. */
  inFlight: QueuedChange[];
  /** Callers that wait until all changes in the log are applied. */
  catchingUp: (() => void)[];
}

/**
 * Assigns every change of a message its `rev` in the conversation's change log, and applies it. Changes that wait for
 * one conversation are stored together, in one round at a time. A change is checked against the message as of the end
 * of the log. The unique index on `rev` guarantees that this still is the end when the change is stored.
 */
export class ChangeLog {
  readonly #deps: ChangeLogDeps;
  readonly #lanes = new Map<ConversationId, Lane>();
  #running: Promise<void> = Promise.resolve();
  #queuedCount = 0;
  #isClosed = false;

  constructor(deps: ChangeLogDeps) {
    this.#deps = deps;
  }

  /** Queues a change. @throws AppError `UNAVAILABLE` when the queue is full. The promise rejects with a refusal. */
  append(draft: ChangeDraft): Promise<Changed> {
    if (this.#isClosed) throw unavailable('The server is stopping.');
    if (this.#queuedCount >= MAX_QUEUED) throw unavailable('Too many changes wait for the database.');
    const queued = createQueuedChange(draft, newMessageId());
    this.#queuedCount += 1;
    this.#open(draft.conversationId, (lane) => lane.queue.push(queued));
    return queued.promise;
  }

  /** Resolves when all changes in a conversation's log are applied, including those left by a process that died. */
  catchUp(conversationId: ConversationId): Promise<void> {
    return new Promise((resolve) => {
      this.#open(conversationId, (lane) => lane.catchingUp.push(resolve));
    });
  }

  /** Returns the lowest id of a change that may be stored and is not applied yet. */
  oldestPendingId(): string | undefined {
    let oldest: string | undefined;
    for (const { queue, inFlight } of this.#lanes.values()) {
      for (const { _id } of [...inFlight, ...queue]) {
        if (oldest === undefined || _id < oldest) oldest = _id;
      }
    }
    return oldest;
  }

  /** Accepts no more changes. Resolves when all queued ones are settled. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#lanes.size > 0) await this.#running;
  }

  #open(conversationId: ConversationId, add: (lane: Lane) => void): void {
    const known = this.#lanes.get(conversationId);
    const lane = known ?? { conversationId, queue: [], inFlight: [], catchingUp: [] };
    add(lane);
    if (known !== undefined) return;
    this.#lanes.set(conversationId, lane);
    this.#running = Promise.all([this.#running, this.#run(lane)]).then(() => undefined);
  }

  async #run(lane: Lane): Promise<void> {
    // Changes requested in the same turn of the event loop are stored together.
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    while (lane.queue.length > 0 || lane.catchingUp.length > 0) {
      lane.inFlight = lane.queue.splice(0, MAX_BATCH);
      const catchingUp = lane.catchingUp.splice(0);
      try {
        await this.#round(lane);
        for (const done of catchingUp) done();
        backoff.reset();
      } catch (error) {
        this.#deps.logger.warn(
          { err: error, changes: lane.inFlight.length },
          'changes wait for the database',
        );
        lane.catchingUp.unshift(...catchingUp);
        await sleep(backoff.next());
      }
      lane.queue.unshift(...lane.inFlight);
      lane.inFlight = [];
    }
    this.#lanes.delete(lane.conversationId);
  }

  /** Settles as many of the changes in flight as possible. The others stay in `inFlight` and are queued again. */
  async #round(lane: Lane): Promise<void> {
    await this.#deps.restrictions.ensureFresh();
    // Read before the end of the log: a stored change is then part of the log that is read, or applied already.
    const found = await this.#findStored(lane);
    const read = await readLedger(this.#deps, lane);
    const viewers = await viewersOf(this.#deps.visibility, read, lane.inFlight);
    const opened = { ...read, viewers };
    const verdicts = decideChanges(this.#deps, opened, { inFlight: lane.inFlight, found });
    const unstored = await this.#insert(lane, verdicts, opened.readAtMs);
    // Each change was checked against the ones before it: changes after an unstored one are checked again.
    const decided = unstored === undefined ? verdicts : verdicts.slice(0, verdicts.indexOf(unstored));
    const stored = decided.flatMap(({ verdict, isStored }) =>
      isChange(verdict) && !isStored ? [{ change: verdict }] : [],
    );
    const ledger = unstored === undefined ? opened.ledger : opened.refold(stored);
    const record = stored.length > 0 || opened.isBehind ? await this.#apply(ledger) : undefined;
    await this.#answer(lane, { decided, ledger, opened, record });
  }

  /**
   * Stores the accepted changes, unless they were checked too long ago.
   *
   * @returns the first one that was not stored: its `rev` was taken, or the insert failed. Undefined if all were
   * stored.
   */
  async #insert(
    lane: Lane,
    verdicts: readonly DecidedChange[],
    readAtMs: number,
  ): Promise<DecidedChange | undefined> {
    const { lease, changes } = this.#deps;
    const granted = verdicts.filter(({ verdict, isStored }) => isChange(verdict) && !isStored);
    if (granted.length === 0) return undefined;
    // Checked last: the steps before may have taken so long that another process has taken over.
    if (!lease.isFresh()) await lease.ensureFresh();
    // After a pause of the process the requests are checked again: users may have been removed meanwhile.
    if (monotonicMs() - readAtMs > MAX_VERDICT_AGE_MS) return granted[0];
    for (const { queued } of granted) queued.mayBeStored = true;
    const results = await changes.insert(
      granted.flatMap(({ verdict }) => (isChange(verdict) ? [verdict] : [])),
    );
    const index = results.findIndex(({ outcome }) => outcome !== 'stored');
    const unstored = granted[index];
    const result = results[index];
    if (unstored !== undefined && result?.outcome === 'failed')
      this.#noteFailure(lane, unstored.queued, result.error);
    return unstored;
  }

  #noteFailure(lane: Lane, queued: QueuedChange, cause: unknown): void {
    queued.failures += 1;
    if (queued.failures < MAX_FAILURES) return;
    this.#deps.logger.error({ cause }, 'a change cannot be stored');
    this.#settle(lane, queued).reject(new AppError('INTERNAL', 'This change cannot be stored.', { cause }));
  }

  /** Returns those changes that an earlier attempt has stored without this process noticing. */
  #findStored(lane: Lane): Promise<ChangeRecord[]> {
    const ids = lane.inFlight.filter(({ mayBeStored }) => mayBeStored).map(({ _id }) => _id);
    return this.#deps.changes.findByIds(ids);
  }

  /** Applies stored changes, and retries until the database accepts them. */
  async #apply(ledger: Ledger): Promise<ConversationRecord | undefined> {
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    for (;;) {
      try {
        return await this.#deps.watermark.track(() => applyLedger(this.#deps, ledger));
      } catch (error) {
        this.#deps.logger.warn({ err: error }, 'changes could not be applied, trying again');
        await sleep(backoff.next());
      }
    }
  }

  /** Announces the decided changes, which are stored and applied, then answers their callers. */
  async #answer(
    lane: Lane,
    {
      decided,
      ledger,
      opened: { logState, viewers },
      record,
    }: {
      decided: readonly DecidedChange[];
      ledger: Ledger;
      opened: JudgedLedger;
      record: ConversationRecord | undefined;
    },
  ): Promise<void> {
    const answers = decided.map(({ queued, verdict }) => {
      const message = ledger.message(queued.draft.seq);
      if (verdict instanceof AppError || message === undefined) {
        return { queued, refusal: verdict instanceof AppError ? verdict : noSuchMessage() };
      }
      const change = isChange(verdict) ? verdict : undefined;
      const { membership } = logState;
      const viewer = viewers.get(queued.draft.by);
      const rev = change?.rev ?? ledger.rev;
      return { queued, changed: { change, message, rev, membership, viewer, reactions: ledger.reactions } };
    });
    const loaded = await this.#deps
      .onChanged(
        answers.flatMap(({ queued, changed }) => (changed ? [{ queued, changed }] : [])),
        record,
      )
      .catch((error: unknown) => {
        // Live delivery is best effort: clients that missed it read the changes with `sync`.
        this.#deps.logger.warn({ err: error }, 'changes could not be announced');
        return undefined;
      });
    for (const { queued, changed, refusal } of answers) {
      const settled = this.#settle(lane, queued);
      if (changed === undefined) settled.reject(refusal);
      else settled.resolve({ ...changed, loaded });
    }
  }

  #settle(lane: Lane, queued: QueuedChange): QueuedChange {
    lane.inFlight = lane.inFlight.filter((one) => one !== queued);
    this.#queuedCount -= 1;
    return queued;
  }
}
