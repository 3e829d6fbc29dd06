import { create as contentDisposition } from 'content-disposition';
import type { Attachment, AttachmentId, AttachmentKind } from '../../../../contract/index.js';
import { isUploaded, type FileFacts, type StoredAttachment } from '../../models/storedAttachment.js';
import { createLru } from '../../utils/lru.js';
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

type Urls = Pick<Attachment, 'url' | 'thumbnailUrl'> & { urlExpiresAt: string; expiresAtMs: number };

/** Files whose URLs are remembered, about a kilobyte each: pages that are read again are not signed again. */
const MAX_REMEMBERED = 10_000;
/** URLs are handed out while they are valid for this long. Stores sign the same URL until then (`storage/urlWindow.ts`). */
const MIN_VALID_MS = 10 * 60_000;

/** Builds the views of files, with signed URLs. Takes no query and no request: the message holds everything else. */
export class AttachmentViews {
  readonly #store: Pick<ObjectStore, 'signDownload'>;
  readonly #remembered = createLru<AttachmentId, Urls>(MAX_REMEMBERED);

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
  presentFile(file: File, facts: FileFacts): Attachment {
    const { hasThumbnail: _own, ...shown } = facts;
    const { expiresAtMs: _ms, ...urls } = this.#urlsOf(file, facts);
    return { attachmentId: file.attachmentId, kind: file.kind, ...shown, ...urls };
  }

  #urlsOf({ attachmentId, kind }: File, facts: FileFacts): Urls {
    const known = this.#remembered.get(attachmentId);
    if (known !== undefined && known.expiresAtMs - Date.now() > MIN_VALID_MS) return known;
    const { url, expiresAt } = this.#store.signDownload(fileKey(attachmentId), fileHeaders(kind, facts));
    const thumbnail =
      facts.hasThumbnail === true
        ? this.#store.signDownload(thumbnailKey(attachmentId), THUMBNAIL_HEADERS)
        : undefined;
    const urls = {
      url,
      ...(thumbnail !== undefined && { thumbnailUrl: thumbnail.url }),
      urlExpiresAt: expiresAt.toISOString(),
      expiresAtMs: expiresAt.getTime(),
    };
    this.#remembered.set(attachmentId, urls);
    return urls;
  }
}
