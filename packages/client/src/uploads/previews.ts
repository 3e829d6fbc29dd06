import type { UploadFile } from '../api/uploads.js';
import { isBlob, isUriFile } from './source.js';

/** Previews of sent files that are kept: what is on the screen just after sending. */
const MAX_KEPT = 20;

interface ObjectUrls {
  createObjectURL?: (blob: Blob) => string;
  revokeObjectURL?: (url: string) => void;
}

const urls = (): ObjectUrls => (typeof URL === 'undefined' ? {} : URL);

/** Returns an address under which this device shows a file; undefined where it has none. */
export function createPreview(file: UploadFile | undefined, mimeType: string): string | undefined {
  if (file === undefined) return undefined;
  if (isUriFile(file)) return file.uri;
  try {
    if (isBlob(file)) return urls().createObjectURL?.(file);
    if (!(file instanceof Uint8Array)) return undefined;
    return urls().createObjectURL?.(new Blob([new Uint8Array(file)], { type: mimeType }));
  } catch {
    // React Native makes no blobs of bytes, and addresses only in some apps.
    return undefined;
  }
}

export function revokePreview(url: string | undefined): void {
  if (url?.startsWith('blob:') === true) urls().revokeObjectURL?.(url);
}

/** Previews of files whose messages are stored, by `attachmentId`: the newest few. */
export class SentPreviews {
  readonly #kept = new Map<string, string>();

  get(attachmentId: string | undefined): string | undefined {
    return attachmentId === undefined ? undefined : this.#kept.get(attachmentId);
  }

  keep(attachmentId: string | undefined, url: string | undefined): void {
    if (attachmentId === undefined || url === undefined) {
      revokePreview(url);
      return;
    }
    this.#kept.set(attachmentId, url);
    for (const [oldest, preview] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
      revokePreview(preview);
    }
  }

  clear(): void {
    for (const url of this.#kept.values()) revokePreview(url);
    this.#kept.clear();
  }
}
