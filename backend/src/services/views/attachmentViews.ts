import { create as contentDisposition } from 'content-disposition';
import type { Attachment, AttachmentId, AttachmentKind } from '../../../../contract/index.js';
import { isUploaded, type FileFacts, type StoredAttachment } from '../../models/storedAttachment.js';
import { fileKey, thumbnailKey, type FileHeaders, type ObjectStore } from '../objectStore.js';

/** Files are only ever downloaded: browsers run some types (HTML, SVG), and guess others. */
const DOWNLOADED: FileHeaders['mimeType'] = 'application/octet-stream';

/** Returns how a file is answered: images and voice notes are shown, everything else is saved. */
export function fileHeaders(
  kind: AttachmentKind,
  { name, mimeType }: Pick<FileFacts, 'name' | 'mimeType'>,
): FileHeaders {
  const isShown = kind !== 'file';
  return {
    mimeType: isShown ? mimeType : DOWNLOADED,
    disposition: contentDisposition(name, { type: isShown ? 'inline' : 'attachment' }),
  };
}

/** A thumbnail is always WebP, and has no name of its own. */
export const THUMBNAIL_HEADERS: FileHeaders = {
  mimeType: 'image/webp',
  disposition: contentDisposition('thumbnail.webp', { type: 'inline' }),
};

interface File {
  attachmentId: AttachmentId;
  kind: AttachmentKind;
}

/** Builds the views of files, with signed URLs. Takes no query and no request: the message holds everything else. */
export class AttachmentViews {
  readonly #store: Pick<ObjectStore, 'signDownload'>;

  constructor(store: Pick<ObjectStore, 'signDownload'>) {
    this.#store = store;
  }

  /** Returns the views of a message's attachments. */
  present = (attachments: readonly StoredAttachment[] = []): Attachment[] =>
    attachments.map((one) => {
      if (!isUploaded(one)) return one;
      const { attachmentId, kind, ...facts } = one;
      return this.presentFile({ attachmentId, kind }, facts);
    });

  /** Returns the view of one uploaded file. */
  presentFile({ attachmentId, kind }: File, facts: FileFacts): Attachment {
    const { hasThumbnail = false, ...shown } = facts;
    const { url, expiresAt } = this.#store.signDownload(fileKey(attachmentId), fileHeaders(kind, facts));
    return {
      attachmentId,
      kind,
      ...shown,
      url,
      ...(hasThumbnail && {
        thumbnailUrl: this.#store.signDownload(thumbnailKey(attachmentId), THUMBNAIL_HEADERS).url,
      }),
      urlExpiresAt: expiresAt.toISOString(),
    };
  }
}
