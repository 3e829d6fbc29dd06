import { backoffMs } from '../connection/backoff.js';
import type { Ask } from '../connection/link.js';
import { retryRuleOf, type ClientErrorCode } from '../errors/parleyError.js';
import type { UploadSource } from '../api/uploads.js';
import type { UploadItem } from './item.js';
import { requireRunning, UploadFailed, UploadInterrupted, uploadOnce } from './job.js';
import type { UploadRow } from './row.js';
import type { Transfer } from './transfer.js';

export interface RunnerDeps {
  url: string;
  ask: Ask;
  transfer: Transfer;
  newId: () => string;
  /** All uploads, oldest first. */
  items: () => Iterable<UploadItem>;
  save: (item: UploadItem, change: Partial<UploadRow>) => Promise<void>;
  open: (item: UploadItem) => Promise<UploadSource | undefined>;
  /** An upload is shown differently now. */
  onChange: (item: UploadItem) => void;
  onProgress: (item: UploadItem) => void;
  /** A cancelled upload is gone on the server, too. */
  onRemoved: (item: UploadItem) => void;
}

const RETRY = { firstMs: 500, maxMs: 60_000 };
/** Files that are uploaded at a time. */
const AT_ONCE = 3;
/** Attempts in a row that the store has refused, after which the file fails. */
const MAX_REFUSALS = 5;

/** Runs the uploads of the tab that leads, some at a time, and tries again until the server has decided. */
export class Runner {
  readonly #deps: RunnerDeps;
  #isReady = false;
  #isLeader = true;
  #running = 0;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  setLeader(isLeader: boolean): void {
    this.#isLeader = isLeader;
    if (!isLeader) this.haltAll();
  }

  haltAll(): void {
    for (const item of this.#deps.items()) item.halt();
  }

  /** The server can be asked: whatever waits is tried at once. */
  start(): void {
    this.#isReady = true;
    for (const item of this.#deps.items()) this.#reset(item);
    this.pump();
  }

  /** Transfers under way go on: the store is not the chat server. */
  stop(): void {
    this.#isReady = false;
  }

  #reset(item: UploadItem): void {
    clearTimeout(item.timer);
    item.timer = undefined;
    item.attempt = 0;
    item.refusals = 0;
  }

  pump(): void {
    if (!this.#isReady || !this.#isLeader) return;
    for (const item of this.#deps.items()) {
      if (this.#running >= AT_ONCE) return;
      if (item.running !== undefined || item.timer !== undefined) continue;
      if (item.isOpen || item.row.status === 'cancelled') void this.#run(item);
    }
  }

  async #run(item: UploadItem): Promise<void> {
    const ended = new AbortController();
    item.running = ended;
    this.#running += 1;
    try {
      if (item.row.status === 'cancelled') await this.#remove(item);
      else await this.#upload(item, ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) await this.#takeFailure(item, error);
    } finally {
      item.running = undefined;
      this.#running -= 1;
      this.pump();
    }
  }

  async #upload(item: UploadItem, signal: AbortSignal): Promise<void> {
    const { url, ask, transfer, newId, save, open, onChange, onProgress } = this.#deps;
    const attachment = await uploadOnce({
      ...{ url, ask, transfer, newId, signal },
      row: () => item.row,
      save: (change) => save(item, change),
      open: () => open(item),
      onPhase: (phase) => {
        item.phase = phase;
        item.waitCode = undefined;
        onChange(item);
      },
      onProgress: (sentBytes) => {
        if (sentBytes <= item.sentBytes) return;
        item.sentBytes = sentBytes;
        item.refusals = 0;
        onProgress(item);
      },
    });
    requireRunning(signal);
    item.isConfirmed = true;
    await save(item, { status: 'ready', attachment });
  }

  /** Removes a cancelled upload on the server, which refuses that for one that a message has. */
  async #remove(item: UploadItem): Promise<void> {
    const { attachmentId } = item.row;
    if (attachmentId !== undefined) {
      const answer = await this.#deps.ask('cancelAttachment', { attachmentId });
      if (!answer.success && retryRuleOf(answer.code) !== 'never') throw new UploadInterrupted(answer.code);
    }
    this.#deps.onRemoved(item);
  }

  async #takeFailure(item: UploadItem, error: unknown): Promise<void> {
    const { save } = this.#deps;
    if (error instanceof UploadFailed) {
      await save(item, { status: 'failed', code: error.error.code, reason: error.reason });
      return;
    }
    const interruption = error instanceof UploadInterrupted ? error : undefined;
    item.refusals = interruption?.more.isRefusal === true ? item.refusals + 1 : 0;
    if (item.refusals >= MAX_REFUSALS) {
      await save(item, { status: 'failed', code: UPLOAD_REFUSED });
      return;
    }
    this.#wait(item, interruption);
  }

  #wait(item: UploadItem, interruption: UploadInterrupted | undefined): void {
    const next = (): void => {
      item.timer = undefined;
      this.pump();
    };
    const waitMs = Math.max(interruption?.more.retryAfterMs ?? 0, backoffMs(item.attempt, RETRY));
    item.timer = setTimeout(next, waitMs);
    item.attempt += 1;
    item.phase = 'waiting';
    item.waitCode = interruption?.code ?? 'OFFLINE';
    this.#deps.onChange(item);
  }
}

const UPLOAD_REFUSED: ClientErrorCode = 'UPLOAD_REFUSED';
