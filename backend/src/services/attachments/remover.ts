import type { AttachmentModel, AttachmentRecord } from '../../models/attachmentModel.js';
import type { Metrics } from '../../utils/metrics.js';
import { fileKey, StoreUnavailable, thumbnailKey, uploadKey, type ObjectStore } from '../objectStore.js';
import type { DatabaseTime } from '../runtime/index.js';
import { noteStoreFailure, type StoreErrorDeps } from './storeErrors.js';

export interface RemoverDeps extends StoreErrorDeps {
  attachments: Pick<AttachmentModel, 'findByStatus' | 'remove' | 'postpone' | 'countDeleting' | 'countHeld'>;
  store: ObjectStore;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'storeFailures' | 'deletingAttachments' | 'heldAttachments'>;
}

/** Files that are removed at a time. */
const BATCH = 200;
/** Interval of looking for files that other processes have put on the list, or could not remove, in ms. */
const LOOK_EVERY_MS = 60_000;
/** Time after which a file that could not be removed is tried again, in ms. */
const RETRY_MS = 60_000;
const MAX_COUNTED = 10_000;

/**
 * Removes the objects of deleted files, then their rows. The list is the rows in state `deleting`: it survives every crash,
 * and what cannot be removed now is tried again. Two processes may remove the same file; nothing is lost by that.
 */
export class Remover {
  readonly #deps: RemoverDeps;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #isWoken = false;

  constructor(deps: RemoverDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#schedule();
  }

  /** Removes soon what was put on the list just now. */
  wake = (): void => {
    this.#start(() => this.run());
  };

  #start(work: () => Promise<void>): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      // Files put on the list meanwhile may have been missed.
      this.#isWoken = true;
      return;
    }
    this.#running = work()
      .catch((error: unknown) => {
        this.#deps.log.warn(
          'deleted files',
          { err: error },
          'deleted files could not be removed; they are tried again',
        );
      })
      .finally(() => {
        this.#running = undefined;
        const isWoken = this.#isWoken;
        this.#isWoken = false;
        if (isWoken) this.wake();
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Removes everything on the list, as far as the store answers. @throws the error of the database. */
  async run(): Promise<void> {
    const { attachments, time } = this.#deps;
    for (;;) {
      const before = new Date(time.nowMs() + 1);
      const rows = await attachments.findByStatus('deleting', { before, limit: BATCH });
      const isRemoved = rows.length > 0 && (await this.#remove(rows));
      if (!isRemoved || rows.length < BATCH || this.#isStopped) return;
    }
  }

  /** Removes what is on the list, and counts what is left. */
  async #look(): Promise<void> {
    const { attachments, metrics } = this.#deps;
    await this.run();
    metrics.deletingAttachments.set(await attachments.countDeleting(MAX_COUNTED));
    metrics.heldAttachments.set(await attachments.countHeld(MAX_COUNTED));
  }

  /** Returns false when the store did not answer: these files then go to the end of the list. */
  async #remove(rows: readonly AttachmentRecord[]): Promise<boolean> {
    const { attachments, time } = this.#deps;
    try {
      await removeFiles(this.#deps, rows);
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      noteStoreFailure(error, this.#deps);
      const ids = rows.map(({ _id }) => _id);
      await attachments.postpone(ids, new Date(time.nowMs() + RETRY_MS));
      return false;
    }
  }

  #schedule(): void {
    if (this.#isStopped) return;
    // Spread, so that several processes do not look at the same moment.
    const delayMs = LOOK_EVERY_MS * (0.5 + Math.random());
    this.#timer = setTimeout(() => {
      this.#start(() => this.#look());
      this.#schedule();
    }, delayMs).unref();
  }
}

/** Removes all objects of deleted files, then their rows. @throws StoreUnavailable. */
export async function removeFiles(
  { attachments, store }: { attachments: Pick<AttachmentModel, 'remove'>; store: ObjectStore },
  rows: readonly AttachmentRecord[],
): Promise<void> {
  for (const { _id, uploadId } of rows) {
    if (uploadId !== undefined) await store.dropParts(uploadKey(_id), uploadId);
  }
  const ids = rows.map(({ _id }) => _id);
  await store.remove(ids.flatMap((id) => [uploadKey(id), fileKey(id), thumbnailKey(id)]));
  await attachments.remove(ids);
}
