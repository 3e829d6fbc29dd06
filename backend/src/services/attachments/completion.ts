import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v4 as uuid } from 'uuid';
import type {
  AttachmentId,
  RejectionReason,
  UploadedAttachmentView,
  UserId,
} from '../../../../contract/index.js';
import type { AttachmentModel, AttachmentRecord } from '../../models/attachmentModel.js';
import type { FileFacts } from '../../models/storedAttachment.js';
import { AppError, conflict, unavailable } from '../../utils/appError.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Metrics } from '../../utils/metrics.js';
import type { Inspection, MediaInspector } from '../mediaInspector.js';
import {
  fileKey,
  thumbnailKey,
  uploadKey,
  ObjectChanged,
  StoreUnavailable,
  type ObjectFacts,
  type ObjectStore,
} from '../objectStore.js';
import type { DatabaseTime } from '../runtime/index.js';
import { fileHeaders, THUMBNAIL_HEADERS, type AttachmentViews } from '../views/index.js';
import type { VirusScanner } from '../virusScanner.js';
import { isDeleted } from './fileAccess.js';
import { storedFileName } from './fileNames.js';
import { noteStoreFailure, storeUnavailable, type StoreErrorDeps } from './storeErrors.js';
import { toUploadedView } from './uploadedView.js';
import { requireOwn, splitIntoParts } from './uploads.js';

export interface CompletionDeps extends StoreErrorDeps {
  attachments: AttachmentModel;
  store: ObjectStore;
  media: MediaInspector;
  scanner: VirusScanner | undefined;
  attachmentViews: AttachmentViews;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'storeFailures' | 'attachmentOutcomes' | 'attachmentBytes' | 'attachmentSeconds'>;
}

/** Time after which another process may take over a check, in ms: longer than the longest one, with its wait for a worker. */
const CLAIM_MS = 5 * 60_000;
/** Time after which `complete` answers `processing`, in ms. The check goes on. */
const ANSWER_WITHIN_MS = 8_000;
/** Interval of looking for the result of a check by another process, in ms. */
const LOOK_MS = 250;

type Announced = NonNullable<AttachmentRecord['announced']>;
/** A row whose check this process has claimed. */
type Claimed = AttachmentRecord & { announced: Announced };
type Verdict = { facts: FileFacts } | { reason: RejectionReason };

/** Bytes are missing: the client has to send them, or the rest of them. */
const notUploaded = (): AppError =>
  conflict('The bytes of this attachment have not arrived: upload them, then complete it.');

/**
 * Checks uploads. Of several calls, on any process, one does the work; the others wait for its result. The client's word
 * counts for nothing: size and content are looked at, and what others get is written by the server, under a key that no
 * client can write.
 */
export class Completion {
  readonly #deps: CompletionDeps;
  /** Checks by this process. */
  readonly #running = new Map<AttachmentId, Promise<AttachmentRecord>>();

  constructor(deps: CompletionDeps) {
    this.#deps = deps;
  }

  /**
   * Checks an upload of the caller. Answers with the result, or with `processing` when that takes too long.
   *
   * @throws AppError `NOT_FOUND`, `CONFLICT` (bytes are missing), `UNAVAILABLE`.
   */
  async complete(caller: UserId, id: AttachmentId): Promise<{ attachment: UploadedAttachmentView }> {
    const { attachments, attachmentViews } = this.#deps;
    const row = await requireOwn(attachments, caller, id);
    const isSettled = row.status !== 'pending' && row.status !== 'processing';
    const result = isSettled ? row : await this.#withinTime(this.#settle(id), row);
    return { attachment: toUploadedView(result, attachmentViews) };
  }

  /** Resolves when no check is running. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  async #withinTime(work: Promise<AttachmentRecord>, row: AttachmentRecord): Promise<AttachmentRecord> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<AttachmentRecord>((resolve) => {
      timer = setTimeout(() => resolve({ ...row, status: 'processing' }), ANSWER_WITHIN_MS);
    });
    // Its failure is answered to the next call.
    work.catch(() => undefined);
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns the row once it is settled, by this process or another one. */
  #settle(id: AttachmentId): Promise<AttachmentRecord> {
    const known = this.#running.get(id);
    if (known !== undefined) return known;
    const running = this.#claimAndCheck(id).finally(() => this.#running.delete(id));
    this.#running.set(id, running);
    return running;
  }

  async #claimAndCheck(id: AttachmentId): Promise<AttachmentRecord> {
    const { attachments, time } = this.#deps;
    const giveUpAtMs = monotonicMs() + ANSWER_WITHIN_MS;
    for (;;) {
      const now = time.now();
      const token = uuid();
      const until = new Date(now.getTime() + CLAIM_MS);
      const claimed = await attachments.claim(id, { token, until, now });
      if (claimed?.announced !== undefined) {
        return this.#checkClaimed({ ...claimed, announced: claimed.announced }, token);
      }
      const current = await attachments.findById(id);
      if (current === undefined || isDeleted(current)) throw gone();
      const isOpen = current.status === 'pending' || current.status === 'processing';
      if (!isOpen || monotonicMs() > giveUpAtMs) return current;
      await sleep(LOOK_MS);
    }
  }

  /** Checks, and writes the result. When the check cannot be carried out, the upload is `pending` again. */
  async #checkClaimed(row: Claimed, token: string): Promise<AttachmentRecord> {
    const { attachments, time, metrics } = this.#deps;
    const startedMs = monotonicMs();
    let verdict: Verdict;
    try {
      verdict = await this.#check(row);
    } catch (error) {
      await attachments.settle(row._id, token, { status: 'pending', now: time.now() });
      throw this.#toClientError(error);
    }
    const settled = await attachments.settle(row._id, token, {
      ...('facts' in verdict
        ? { status: 'ready' as const, facts: verdict.facts }
        : { status: 'rejected' as const, reason: verdict.reason }),
      now: time.now(),
    });
    await this.#tidy(row, settled);
    if (settled === undefined) return this.#currentOf(row._id);
    const outcome = 'facts' in verdict ? 'ready' : verdict.reason;
    metrics.attachmentOutcomes.inc({ kind: row.kind, outcome });
    if ('facts' in verdict) metrics.attachmentBytes.inc(verdict.facts.sizeBytes);
    metrics.attachmentSeconds.observe({ kind: row.kind }, (monotonicMs() - startedMs) / 1_000);
    return settled;
  }

  /** Another process has taken over, or the upload was cancelled meanwhile. */
  async #currentOf(id: AttachmentId): Promise<AttachmentRecord> {
    const current = await this.#deps.attachments.findById(id);
    if (current === undefined || isDeleted(current)) throw gone();
    return current;
  }

  /** Removes the uploaded bytes, and for a cancelled upload also what was made of them. The sweep finds what is left. */
  async #tidy({ _id }: Claimed, settled: AttachmentRecord | undefined): Promise<void> {
    const { attachments, store } = this.#deps;
    try {
      const current = settled ?? (await attachments.findById(_id));
      // The remover may have looked for objects before this check had written them.
      const isCancelled = current === undefined || isDeleted(current);
      const made = isCancelled ? [fileKey(_id), thumbnailKey(_id)] : [];
      if (settled !== undefined || isCancelled) await store.remove([uploadKey(_id), ...made]);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      noteStoreFailure(error, this.#deps);
    }
  }

  async #check(row: Claimed): Promise<Verdict> {
    const found = await this.#findUploaded(row);
    if (found.sizeBytes !== row.announced.sizeBytes) return { reason: 'size' };
    const folder = await mkdtemp(join(tmpdir(), 'parley-upload-'));
    try {
      const file = join(folder, 'upload');
      await this.#deps.store.read(uploadKey(row._id), file, { etag: found.etag, maxBytes: found.sizeBytes });
      if (!(await this.#isClean(row, file))) return { reason: 'malware' };
      const inspection = await this.#inspect(row, { file, folder });
      if (inspection.outcome === 'rejected') return { reason: inspection.reason };
      return { facts: await this.#store(row, found, inspection) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Returns the uploaded object; makes it of its parts first. @throws AppError `CONFLICT` when bytes are missing. */
  async #findUploaded({ _id, uploadId, announced }: Claimed): Promise<ObjectFacts> {
    const { store } = this.#deps;
    const key = uploadKey(_id);
    const parts = uploadId === undefined ? undefined : await store.listParts(key, uploadId);
    // Without parts they were joined before, by a check that did not end.
    if (uploadId !== undefined && parts !== undefined) {
      const sizes = new Map(parts.map(({ partNumber, sizeBytes }) => [partNumber, sizeBytes]));
      const expected = splitIntoParts(announced.sizeBytes);
      const isWhole =
        parts.length === expected.length &&
        expected.every(({ partNumber, sizeBytes }) => sizes.get(partNumber) === sizeBytes);
      if (!isWhole) throw notUploaded();
      await store.joinParts(key, uploadId, parts);
    }
    const found = await store.find(key);
    if (found === undefined) throw notUploaded();
    return found;
  }

  async #isClean({ _id, kind, announced }: Claimed, file: string): Promise<boolean> {
    const { scanner, log } = this.#deps;
    if (scanner === undefined) return true;
    try {
      return await scanner.isClean(file, { attachmentId: _id, kind, mimeType: announced.mimeType });
    } catch (error) {
      log.warn('virus scanner', { err: error }, 'the virus scanner did not answer');
      throw unavailable('The virus scanner does not answer; complete the attachment again.', error);
    }
  }

  #inspect({ kind, announced }: Claimed, paths: { file: string; folder: string }): Promise<Inspection> {
    const { mimeType, durationMs, waveform } = announced;
    return this.#deps.media.inspect({
      ...paths,
      kind,
      announcedType: mimeType,
      announcedSound: {
        ...(durationMs !== undefined && { durationMs }),
        ...(waveform !== undefined && { waveform }),
      },
    });
  }

  /** Stores what others get, under the keys that no client can write. */
  async #store(
    { _id, kind, announced }: Claimed,
    uploaded: ObjectFacts,
    { facts, rewritten, thumbnail }: Inspection & { outcome: 'accepted' },
  ): Promise<FileFacts> {
    const { store } = this.#deps;
    const name = storedFileName(announced.name, facts.mimeType);
    const headers = fileHeaders(kind, { name, mimeType: facts.mimeType });
    if (thumbnail !== undefined) await store.write(thumbnailKey(_id), thumbnail, THUMBNAIL_HEADERS);
    if (rewritten === undefined) {
      await store.copy({ key: uploadKey(_id), etag: uploaded.etag }, fileKey(_id), headers);
      return { ...facts, name, sizeBytes: uploaded.sizeBytes };
    }
    await store.write(fileKey(_id), rewritten, headers);
    return { ...facts, name, sizeBytes: (await stat(rewritten)).size };
  }

  #toClientError(error: unknown): unknown {
    // The object was removed or replaced between two steps.
    if (error instanceof ObjectChanged) return notUploaded();
    if (!(error instanceof StoreUnavailable)) return error;
    noteStoreFailure(error, this.#deps);
    return storeUnavailable(error);
  }
}

const gone = (): AppError => new AppError('NOT_FOUND', 'There is no such attachment.');
