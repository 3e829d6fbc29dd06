import type { Attachment, AttachmentId, UserId } from '../../../../contract/index.js';
import type { AttachmentModel, AttachmentRecord } from '../../models/attachmentModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { FileFacts } from '../../models/storedAttachment.js';
import { AppError } from '../../utils/appError.js';
import { Sealed, type Access } from '../membership/index.js';
import type { AttachmentViews } from '../views/index.js';
import type { Visibility } from '../visibility/index.js';

interface FileAccessDeps {
  attachments: Pick<AttachmentModel, 'findById'>;
  messages: Pick<MessageModel, 'findByFile'>;
  access: Access;
  visibility: Visibility;
  attachmentViews: AttachmentViews;
}

/** A file that can be downloaded. */
export type ReadyFile = AttachmentRecord & { facts: FileFacts };

const isReady = (row: AttachmentRecord | undefined): row is ReadyFile =>
  row?.facts !== undefined && (row.status === 'ready' || row.status === 'sent');

/** True for a file whose message is deleted, whether or not its bytes are. */
export const isDeleted = ({ status }: Pick<AttachmentRecord, 'status'>): boolean =>
  status === 'deleting' || status === 'held';

/** One error for files that do not exist and those of others, so that ids cannot be probed. */
export const noSuchFile = (): AppError => new AppError('NOT_FOUND', 'There is no such attachment.');

/** Decides who may have a file: its uploader until a message has it, and whoever may see that message. */
export class FileAccess {
  readonly #deps: FileAccessDeps;

  constructor(deps: FileAccessDeps) {
    this.#deps = deps;
  }

  /** Returns the view of a file with fresh URLs. @throws AppError `NOT_FOUND`. */
  async view(caller: UserId, id: AttachmentId): Promise<Attachment> {
    const { attachments, attachmentViews } = this.#deps;
    const row = await this.requireVisible(caller, await attachments.findById(id));
    return attachmentViews.presentFile({ attachmentId: row._id, kind: row.kind }, row.facts);
  }

  /** Returns where a file, or its thumbnail, is. @throws AppError `NOT_FOUND`, also for a file without a thumbnail. */
  async locate(
    caller: UserId,
    id: AttachmentId,
    { thumbnail }: { thumbnail: boolean },
  ): Promise<{ url: string; urlExpiresAt: string }> {
    const { url, thumbnailUrl, urlExpiresAt } = await this.view(caller, id);
    const wanted = thumbnail ? thumbnailUrl : url;
    if (wanted === undefined || urlExpiresAt === undefined) throw noSuchFile();
    return { url: wanted, urlExpiresAt };
  }

  /** Returns the row as a file that the caller may see. @throws AppError `NOT_FOUND`. */
  async requireVisible(caller: UserId, row: AttachmentRecord | undefined): Promise<ReadyFile> {
    if (!isReady(row)) throw noSuchFile();
    const isOwnUnsent = row.uploaderId === caller && row.status === 'ready';
    if (isOwnUnsent || (await this.#seesMessage(caller, row._id))) return row;
    throw noSuchFile();
  }

  /** After a merge the message has copies in several logs; one that the caller may see is enough. */
  async #seesMessage(caller: UserId, id: AttachmentId): Promise<boolean> {
    const found = await this.#deps.messages.findByFile(id);
    for (const message of found) if (await this.#sees(caller, message)) return true;
    return false;
  }

  async #sees(caller: UserId, message: MessageRecord): Promise<boolean> {
    const { access, visibility } = this.#deps;
    const { conversationId, seq } = message;
    try {
      const memberAccess = await access.requireMember(caller, conversationId);
      const viewer = await visibility.viewerOf(caller, memberAccess, { fromSeq: seq, toSeq: seq });
      return viewer.sees(message);
    } catch (error) {
      if (error instanceof Sealed) return false;
      if (error instanceof AppError && error.code === 'NOT_PARTICIPANT') return false;
      throw error;
    }
  }
}
