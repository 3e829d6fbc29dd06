import { hash } from 'node:crypto';
import type { AttachmentId, SentAttachment, UserId } from '../../../../contract/index.js';
import type { AttachmentModel, AttachmentRecord, FileUse } from '../../models/attachmentModel.js';
import { uploadedIds, type StoredAttachment } from '../../models/storedAttachment.js';
import type { UploadQuotaModel } from '../../models/uploadQuotaModel.js';
import { AppError, conflict, rateLimited } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import { fileKey, thumbnailKey, type ObjectStore } from '../objectStore.js';
import type { DatabaseTime } from '../runtime/index.js';
import { fileHeaders, THUMBNAIL_HEADERS } from '../views/index.js';
import { isDeleted, noSuchFile, type FileAccess, type ReadyFile } from './fileAccess.js';
import type { AttachmentLimits } from './settings.js';
import { toClientError, type StoreErrorDeps } from './storeErrors.js';

export interface SentFileDeps extends StoreErrorDeps {
  attachments: AttachmentModel;
  uploadQuotas: Pick<UploadQuotaModel, 'take'>;
  store: ObjectStore;
  fileAccess: FileAccess;
  time: DatabaseTime;
  attachmentLimits: AttachmentLimits;
  logger: Logger;
}

/** Time for the copies of a forwarded file, in ms. A row whose copies take longer is left to the sweep. */
const COPY_MS = 24 * 3_600_000;
const COPY_TOKEN = 'copy';
const RETRY_MS = 60_000;

const isReference = (one: SentAttachment): one is { attachmentId: AttachmentId } => 'attachmentId' in one;

const isSameUse = (a: FileUse, b: FileUse): boolean =>
  a.conversationId === b.conversationId &&
  a.senderId === b.senderId &&
  a.clientMessageId === b.clientMessageId;

/**
 * Gives files to messages. A file belongs to one message: it is claimed before the message is stored, so that no other one
 * gets it, and a file that the sender may see elsewhere is copied. So deleting a message may delete its files, and nobody
 * has to count who else uses them.
 */
export class SentFiles {
  readonly #deps: SentFileDeps;

  constructor(deps: SentFileDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the attachments as the message stores them. A repeated call for one message returns the same.
   *
   * @throws AppError `NOT_FOUND` (no file that the sender may send), `CONFLICT` (not ready), `VALIDATION` (twice in one
   * message), `RATE_LIMITED`, `UNAVAILABLE` (the store, when a file is forwarded).
   */
  async take(sent: readonly SentAttachment[], use: FileUse): Promise<StoredAttachment[]> {
    const ids = sent.flatMap((one) => (isReference(one) ? [one.attachmentId] : []));
    if (ids.length === 0) return sent.flatMap((one) => (isReference(one) ? [] : [one]));
    if (new Set(ids).size < ids.length) {
      throw new AppError('VALIDATION', 'The input does not fit the schema.', {
        details: [{ path: 'attachments', rule: 'must not have the same file twice' }],
      });
    }
    const found = await this.#deps.attachments.findByIds(ids);
    const rows = new Map(found.map((row) => [row._id, row]));
    for (const id of ids) requireReadyIfOwn(rows.get(id), use.senderId);
    const files = await this.#claim(ids, rows, use);
    return sent.map((one) => {
      if (!isReference(one)) return one;
      const row = files.get(one.attachmentId);
      if (row?.facts === undefined) throw noSuchFile();
      return { attachmentId: row._id, kind: row.kind, ...row.facts };
    });
  }

  /** Takes the files back from a message that was refused. Failures are left to the sweep. */
  async release(attachments: readonly StoredAttachment[], use: FileUse): Promise<void> {
    const ids = uploadedIds(attachments);
    if (ids.length > 0) await this.#tryTo('released', this.#deps.attachments.release(ids, use));
  }

  /** Notes that the message is stored. Failures are left to the sweep, which looks for the message. */
  noteSent(attachments: readonly StoredAttachment[]): void {
    const { attachments: rows, time } = this.#deps;
    const ids = uploadedIds(attachments);
    if (ids.length > 0) void this.#tryTo('noted as sent', rows.markSent(ids, time.now()));
  }

  async #tryTo(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#deps.logger.warn({ err: error }, `files could not be ${what}; the sweep will do it`);
    }
  }

  /** Returns for each id the row that the message gets: the file itself, or a copy of it. */
  async #claim(
    ids: readonly AttachmentId[],
    rows: ReadonlyMap<AttachmentId, AttachmentRecord>,
    use: FileUse,
  ): Promise<Map<AttachmentId, AttachmentRecord>> {
    const { attachments, time } = this.#deps;
    const own = ids.filter((id) => isFreeFor(rows.get(id), use));
    if (own.length > 0) {
      const claimed = await attachments.use(own, use.senderId, { ...use, at: time.now() });
      // Between reading and claiming, another message of the sender took one, or it was cancelled.
      if (claimed < own.length) throw conflict('Another message has just taken this attachment; ask again.');
    }
    const isOwn = new Set(own);
    const entries = await Promise.all(
      ids.map(async (id) => {
        const row = rows.get(id);
        return [id, isOwn.has(id) && row !== undefined ? row : await this.#forward(row, use)] as const;
      }),
    );
    return new Map(entries);
  }

  /** Copies a file that the sender may see, for one message. The copy's id follows from both, so that a repeat finds it. */
  async #forward(row: AttachmentRecord | undefined, use: FileUse): Promise<AttachmentRecord> {
    const { attachments, fileAccess, time } = this.#deps;
    const original = await fileAccess.requireVisible(use.senderId, row);
    const _id = copyId(original, use);
    const known = await attachments.findById(_id);
    if (known?.status === 'ready' || known?.status === 'sent') return known;
    if (known === undefined) await this.#insertCopy(_id, original, use);
    await this.#copyObjects(original, _id);
    const settled = await attachments.settle(_id, COPY_TOKEN, {
      status: 'ready',
      facts: original.facts,
      now: time.now(),
    });
    const copy = settled ?? (await attachments.findById(_id));
    if (copy?.facts === undefined) throw noSuchFile();
    return copy;
  }

  async #insertCopy(_id: AttachmentId, { kind, facts }: ReadyFile, use: FileUse): Promise<void> {
    const { attachments, uploadQuotas, attachmentLimits, time } = this.#deps;
    const now = time.now();
    const isGranted = await uploadQuotas.take(use.senderId, {
      sizeBytes: facts.sizeBytes,
      maxFiles: attachmentLimits.maxFilesPerDay,
      maxBytes: attachmentLimits.maxBytesPerDay,
      now,
    });
    if (!isGranted) throw rateLimited('The uploads of this day are used up.', RETRY_MS);
    await attachments.insert({
      _id,
      uploaderId: use.senderId,
      kind,
      status: 'processing',
      claim: { token: COPY_TOKEN, until: new Date(now.getTime() + COPY_MS) },
      usedBy: { ...use, at: now },
      createdAt: now,
    });
  }

  async #copyObjects({ _id, kind, facts }: ReadyFile, copy: AttachmentId): Promise<void> {
    const { store } = this.#deps;
    const copyObject = async (
      from: string,
      to: string,
      headers = fileHeaders(kind, facts),
    ): Promise<void> => {
      const found = await store.find(from);
      if (found === undefined) throw noSuchFile();
      await store.copy({ key: from, etag: found.etag }, to, headers);
    };
    try {
      await Promise.all([
        copyObject(fileKey(_id), fileKey(copy)),
        facts.hasThumbnail === true && copyObject(thumbnailKey(_id), thumbnailKey(copy), THUMBNAIL_HEADERS),
      ]);
    } catch (error) {
      throw toClientError(error, this.#deps);
    }
  }
}

function copyId({ _id }: ReadyFile, { conversationId, senderId, clientMessageId }: FileUse): AttachmentId {
  const name = JSON.stringify([_id, conversationId, senderId, clientMessageId]);
  return hash('sha256', name, 'hex').slice(0, 24) as AttachmentId;
}

/** True when the message may have the file itself. */
const isFreeFor = (row: AttachmentRecord | undefined, use: FileUse): boolean =>
  row?.uploaderId === use.senderId && (row.usedBy === undefined || isSameUse(row.usedBy, use));

/** @throws AppError `CONFLICT` for an own file that is not ready. Files of others are checked later, and give less away. */
function requireReadyIfOwn(row: AttachmentRecord | undefined, senderId: UserId): void {
  if (row?.uploaderId !== senderId) return;
  if (row.status === 'pending' || row.status === 'processing') {
    throw conflict('This attachment is not ready: upload and complete it first.');
  }
  if (isDeleted(row)) throw noSuchFile();
  if (row.status === 'rejected') throw conflict('This attachment was rejected.');
}
