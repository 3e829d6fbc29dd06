import type { AttachmentKind } from '../../../contract/index.js';

/** Port of a virus scanner. `media/scanner.ts` asks one over HTTP (`SCAN_URL`). */
export interface VirusScanner {
  /**
   * Returns false for a file that must not be sent.
   *
   * @throws Error when the scanner does not answer in time: the file then is neither ready nor rejected.
   */
  isClean(
    file: string,
    about: { attachmentId: string; kind: AttachmentKind; mimeType: string },
  ): Promise<boolean>;
}
