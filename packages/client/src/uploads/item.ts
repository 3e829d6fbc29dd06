import type { FileUpload, FileUploadStatus, UploadFile } from '../api/uploads.js';
import { ParleyError } from '../errors/parleyError.js';
import { isShallowEqual } from '../observable/derived.js';
import type { UploadedAttachment } from '../wire/index.js';
import type { UploadRow } from './row.js';

type Phase = Extract<FileUploadStatus, 'waiting' | 'uploading' | 'checking'>;

interface Waiter {
  resolve: (attachment: UploadedAttachment) => void;
  reject: (error: ParleyError) => void;
}

/** One upload in memory: its row, and what does not survive a restart. */
export class UploadItem {
  phase: Phase = 'waiting';
  sentBytes = 0;
  previewUrl: string | undefined;
  /** Reason of the wait for the next attempt. */
  waitCode: string | undefined;
  /** Ends the attempt that is running. */
  running: AbortController | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  attempt = 0;
  /** Attempts in a row that the store has refused. */
  refusals = 0;
  /** The server has said in this process that the file is ready: it may have been removed since an earlier one. */
  isConfirmed = false;
  readonly #waiters = new Set<Waiter>();
  #view: FileUpload | undefined;

  constructor(
    public row: UploadRow,
    /** Undefined after a restart, until the storage gives it. */
    public file: UploadFile | undefined,
  ) {}

  get isOpen(): boolean {
    const { status } = this.row;
    return status === 'open' || (status === 'ready' && !this.isConfirmed);
  }

  /** Resolves when the file can be sent. Rejects when it has failed, or was cancelled (`DISCARDED`). */
  whenReady(): Promise<UploadedAttachment> {
    const promise = new Promise<UploadedAttachment>((resolve, reject) => {
      this.#waiters.add({ resolve, reject });
    });
    promise.catch(() => undefined);
    this.settle();
    return promise;
  }

  /** Resolves with undefined for a cancelled upload. @throws ParleyError when it has failed */
  async whenReadyOrCancelled(): Promise<UploadedAttachment | undefined> {
    try {
      return await this.whenReady();
    } catch (error) {
      if (this.row.status === 'cancelled') return undefined;
      throw error;
    }
  }

  /** Settles whoever waits, when the upload has come to an end. */
  settle(): void {
    const { status, attachment } = this.row;
    if (status === 'open' || (status === 'ready' && !this.isConfirmed)) return;
    for (const { resolve, reject } of this.#waiters) {
      if (status === 'ready' && attachment !== undefined) resolve(attachment);
      else reject(this.#error());
    }
    this.#waiters.clear();
  }

  /** Nothing more will come of it in this process. */
  abandon(error: ParleyError): void {
    for (const { reject } of this.#waiters) reject(error);
    this.#waiters.clear();
  }

  #error(): ParleyError {
    if (this.row.status === 'cancelled') return new ParleyError('DISCARDED', 'The upload was cancelled.');
    const { code = 'UPLOAD_REJECTED', reason } = this.row;
    const message =
      reason === undefined ? 'The file cannot be uploaded.' : `The file was refused: ${reason}.`;
    return new ParleyError(code as ParleyError['code'], message);
  }

  /** Ends the attempt that is running, and the wait for the next one. */
  halt(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running?.abort();
  }

  /** Returns what apps see: the same object while nothing in it has changed. */
  view(waitingMessageId: string | undefined): FileUpload {
    const { row } = this;
    const { id, kind, name, mimeType, sizeBytes, conversationId, durationMs, waveform, attachment } = row;
    const isDone = row.status === 'ready';
    const sentBytes = isDone ? sizeBytes : Math.min(this.sentBytes, sizeBytes);
    const status = row.status === 'open' || row.status === 'cancelled' ? this.phase : row.status;
    const next: FileUpload = {
      ...{ id, conversationId, kind, name, mimeType, sizeBytes, durationMs, waveform, status, sentBytes },
      progress: sizeBytes === 0 ? 0 : sentBytes / sizeBytes,
      previewUrl: this.previewUrl,
      attachment: isDone ? attachment : undefined,
      code: row.status === 'failed' ? row.code : this.waitCode,
      reason: row.status === 'failed' ? row.reason : undefined,
      clientMessageId: waitingMessageId ?? row.clientMessageId,
    };
    if (this.#view === undefined || !isShallowEqual(this.#view, next)) this.#view = next;
    return this.#view;
  }
}
