import type { UploadSupport } from './part.js';
import { fetchUri, type OpenUri } from './source.js';
import { platformTransfer, type Transfer } from './transfer.js';
import { Uploads } from './uploads.js';

export interface FileUploadOptions {
  /** Opens a file by its address (React Native). Default: `fetch(uri)`, which reads the whole file. */
  openUri?: OpenUri | undefined;
  /** Sends a `PUT`. Default: `XMLHttpRequest`, which tells progress, where it exists; else `fetch`. */
  transfer?: Transfer | undefined;
}

/**
 * Uploads of files, as an option of the client. Everything is stored in the client's `storage`, bytes included where it can
 * (`indexedDbStorage`).
 *
 * @example
 * const client = createParleyClient({ url, getToken, storage: indexedDbStorage(), uploads: fileUploads() });
 */
export const fileUploads = ({
  openUri = fetchUri,
  transfer = platformTransfer,
}: FileUploadOptions = {}): UploadSupport => ({
  create: (deps) => new Uploads(deps, { openUri, transfer }),
});
