import {
  LIMITS,
  type AttachmentId,
  type CommandData,
  type CommandPayload,
  type UploadedAttachmentView,
  type UploadView,
  type UserId,
} from '../../../../contract/index.js';
import {
  newAttachmentId,
  type AttachmentModel,
  type AttachmentRecord,
} from '../../models/attachmentModel.js';
import type { UploadQuotaModel } from '../../models/uploadQuotaModel.js';
import { AppError, conflict, rateLimited } from '../../utils/appError.js';
import type { Access } from '../membership/index.js';
import { uploadKey, type ExpectedObject, type ObjectStore } from '../objectStore.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { AttachmentViews } from '../views/index.js';
import { isDeleted, noSuchFile } from './fileAccess.js';
import { cleanFileName } from './fileNames.js';
import type { AttachmentLimits } from './settings.js';
import { toClientError, type StoreErrorDeps } from './storeErrors.js';
import { toUploadedView } from './uploadedView.js';

export interface UploadDeps extends StoreErrorDeps {
  attachments: AttachmentModel;
  uploadQuotas: Pick<UploadQuotaModel, 'take'>;
  store: ObjectStore;
  access: Pick<Access, 'requireMember'>;
  attachmentViews: AttachmentViews;
  time: DatabaseTime;
  attachmentLimits: AttachmentLimits;
  /** Called when files were put on the list of those to delete. */
  onDeleting: () => void;
}

interface Uploading {
  attachment: UploadedAttachmentView;
  upload?: UploadView;
}

const DAY_MS = 86_400_000;

/** Begins, resumes and cancels uploads. The bytes go from the client to the object store. */
export class Uploads {
  readonly #deps: UploadDeps;

  constructor(deps: UploadDeps) {
    this.#deps = deps;
  }

  /**
   * Begins an upload. Its quota is taken and its row is stored before a client gets a URL, so that every upload is known.
   *
   * @throws AppError `TOO_LARGE`, `NOT_PARTICIPANT`, `RATE_LIMITED` (quota of the day), `LIMIT_EXCEEDED` (unfinished uploads),
   * `CONFLICT` (the `clientAttachmentId` was used for another file), `UNAVAILABLE`.
   */
  async create(
    caller: UserId,
    input: CommandPayload<'createAttachment'>,
  ): Promise<CommandData<'createAttachment'>> {
    const { access, attachments, attachmentLimits } = this.#deps;
    const { conversationId, clientAttachmentId } = input;
    if (input.sizeBytes > attachmentLimits.maxBytes) {
      throw new AppError('TOO_LARGE', `A file may have ${attachmentLimits.maxBytes} bytes at most.`);
    }
    if (conversationId !== undefined) await access.requireMember(caller, conversationId);
    const existing = await this.#findRepeated(caller, input);
    if (existing !== undefined) return { ...(await this.#answer(existing)), created: false };
    await this.#takeQuota(caller, input.sizeBytes);
    const row = this.#newRow(caller, input);
    if (!(await attachments.insert(row))) {
      const other = await this.#findRepeated(caller, input);
      if (other === undefined) throw conflict('This clientAttachmentId is being used; ask again.');
      return { ...(await this.#answer(other)), created: false };
    }
    await this.#requireFewUnfinished(caller, row._id);
    try {
      return { ...(await this.#answer({ ...row, changedAt: row.createdAt })), created: true };
    } catch (error) {
      // Without an id of the client's, nobody could go on with it.
      if (clientAttachmentId === undefined) await this.#discard(row._id);
      throw error;
    }
  }

  /** Returns an upload of the caller, with new URLs while it is unfinished. @throws AppError `NOT_FOUND`, `UNAVAILABLE`. */
  async get(caller: UserId, id: AttachmentId): Promise<Uploading> {
    return this.#answer(await requireOwn(this.#deps.attachments, caller, id));
  }

  /** Returns the user whose bytes are awaited; undefined when the upload has ended, in whatever way. */
  async uploaderOf(id: AttachmentId): Promise<UserId | undefined> {
    const found = await this.#deps.attachments.findById(id);
    return found?.status === 'pending' ? found.uploaderId : undefined;
  }

  /** Removes a file that no message has; does nothing when there is none. @throws AppError `CONFLICT`. */
  async cancel(caller: UserId, id: AttachmentId): Promise<{ attachmentId: AttachmentId }> {
    const isOwn = async (): Promise<boolean> => {
      const found = await this.#deps.attachments.findById(id);
      return found?.uploaderId === caller && !isDeleted(found);
    };
    // It may have been removed, or taken by a message, between the two looks.
    if ((await isOwn()) && !(await this.#discard(id)) && (await isOwn())) {
      throw conflict('A message has this attachment: delete the message.');
    }
    return { attachmentId: id };
  }

  async #discard(id: AttachmentId): Promise<boolean> {
    const { attachments, time, onDeleting } = this.#deps;
    const isDiscarded = await attachments.discard(id, ['pending', 'processing', 'ready', 'rejected'], {
      now: time.now(),
    });
    if (isDiscarded) onDeleting();
    return isDiscarded;
  }

  #newRow(caller: UserId, input: CommandPayload<'createAttachment'>) {
    const { kind, fileName, mimeType, sizeBytes, clientAttachmentId, durationMs, waveform } = input;
    return {
      _id: newAttachmentId(),
      uploaderId: caller,
      ...(clientAttachmentId !== undefined && { clientAttachmentId }),
      kind,
      announced: {
        name: cleanFileName(fileName),
        mimeType,
        sizeBytes,
        ...(durationMs !== undefined && { durationMs }),
        ...(waveform !== undefined && { waveform }),
      },
      status: 'pending' as const,
      createdAt: this.#deps.time.now(),
    };
  }

  /** Finds the upload that was begun with the same id. @throws AppError `CONFLICT` when it is of another file. */
  async #findRepeated(
    caller: UserId,
    { clientAttachmentId, kind, mimeType, sizeBytes }: CommandPayload<'createAttachment'>,
  ): Promise<AttachmentRecord | undefined> {
    if (clientAttachmentId === undefined) return undefined;
    const found = await this.#deps.attachments.findByClientId(caller, clientAttachmentId);
    const announced = found?.announced;
    if (found === undefined || announced === undefined) return undefined;
    const isSame =
      found.kind === kind && announced.mimeType === mimeType && announced.sizeBytes === sizeBytes;
    if (!isSame) throw conflict('This clientAttachmentId was used for another file.');
    return found;
  }

  async #takeQuota(caller: UserId, sizeBytes: number): Promise<void> {
    const { uploadQuotas, attachmentLimits, time } = this.#deps;
    const now = time.now();
    const isGranted = await uploadQuotas.take(caller, {
      sizeBytes,
      maxFiles: attachmentLimits.maxFilesPerDay,
      maxBytes: attachmentLimits.maxBytesPerDay,
      now,
    });
    if (!isGranted) {
      throw rateLimited('The uploads of this day are used up.', DAY_MS - (now.getTime() % DAY_MS));
    }
  }

  /** Counted after the row was stored: of several uploads begun at once, none slips past the limit. */
  async #requireFewUnfinished(caller: UserId, id: AttachmentId): Promise<void> {
    const { attachments, attachmentLimits } = this.#deps;
    const { maxPending } = attachmentLimits;
    if ((await attachments.countUnfinished(caller, maxPending + 1)) <= maxPending) return;
    await this.#discard(id);
    throw new AppError('LIMIT_EXCEEDED', `Complete or cancel some of your ${maxPending} unfinished uploads.`);
  }

  async #answer(row: AttachmentRecord): Promise<Uploading> {
    const attachment = toUploadedView(row, this.#deps.attachmentViews);
    if (row.status !== 'pending' || row.announced === undefined) return { attachment };
    try {
      return { attachment, upload: await this.#sign(row, row.announced) };
    } catch (error) {
      throw toClientError(error, this.#deps);
    }
  }

  async #sign(
    row: AttachmentRecord,
    { mimeType, sizeBytes }: NonNullable<AttachmentRecord['announced']>,
  ): Promise<UploadView> {
    const { store } = this.#deps;
    const expiresAt = new Date(Date.now() + LIMITS.uploadUrlMs);
    const expected = { key: uploadKey(row._id), mimeType, sizeBytes };
    const view = { method: 'PUT' as const, expiresAt: expiresAt.toISOString() };
    if (sizeBytes < LIMITS.uploadPartBytes) return { ...view, ...store.signUpload(expected, expiresAt) };
    return { ...view, parts: await this.#signParts(row, expected, expiresAt) };
  }

  async #signParts(
    row: AttachmentRecord,
    expected: ExpectedObject,
    expiresAt: Date,
  ): Promise<NonNullable<UploadView['parts']>> {
    const { store } = this.#deps;
    const { uploadId, stored } = await this.#openParts(row, expected);
    return splitIntoParts(expected.sizeBytes).map(({ partNumber, offset, sizeBytes }) => ({
      partNumber,
      offset,
      sizeBytes,
      stored: stored.get(partNumber) === sizeBytes,
      ...store.signPart({ key: expected.key, sizeBytes }, { uploadId, partNumber }, expiresAt),
    }));
  }

  /** Returns the store's upload with the sizes of the parts that have arrived. Opens one when there is none. */
  async #openParts(
    row: AttachmentRecord,
    expected: ExpectedObject,
  ): Promise<{ uploadId: string; stored: ReadonlyMap<number, number> }> {
    const { store, attachments } = this.#deps;
    const { key } = expected;
    const previous = row.uploadId;
    const parts = previous === undefined ? undefined : await store.listParts(key, previous);
    if (previous !== undefined && parts !== undefined) {
      return {
        uploadId: previous,
        stored: new Map(parts.map(({ partNumber, sizeBytes }) => [partNumber, sizeBytes])),
      };
    }
    const uploadId = await store.startParts(expected);
    const updated = await attachments.setUploadId(row._id, uploadId, previous);
    if (updated !== undefined) return { uploadId, stored: new Map() };
    // Another call has opened one meanwhile, or the upload has ended.
    await store.dropParts(key, uploadId);
    const current = await attachments.findById(row._id);
    if (current?.uploadId === undefined || current.uploadId === previous) {
      throw conflict('This upload has ended; ask for its state.');
    }
    return { uploadId: current.uploadId, stored: new Map() };
  }
}

/** Returns position and size of each part of a file. */
export function splitIntoParts(
  sizeBytes: number,
): { partNumber: number; offset: number; sizeBytes: number }[] {
  const { uploadPartBytes } = LIMITS;
  return Array.from({ length: Math.ceil(sizeBytes / uploadPartBytes) }, (_, index) => ({
    partNumber: index + 1,
    offset: index * uploadPartBytes,
    sizeBytes: Math.min(uploadPartBytes, sizeBytes - index * uploadPartBytes),
  }));
}

/** Returns an upload of the caller. @throws AppError `NOT_FOUND`, also for files of other users. */
export async function requireOwn(
  attachments: Pick<AttachmentModel, 'findById'>,
  caller: UserId,
  id: AttachmentId,
): Promise<AttachmentRecord> {
  const found = await attachments.findById(id);
  if (found?.uploaderId !== caller || isDeleted(found)) throw noSuchFile();
  return found;
}
