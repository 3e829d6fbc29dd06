import { openAsBlob } from 'node:fs';
import { z } from 'zod';
import type { VirusScanner } from '../services/virusScanner.js';

const verdict = z.object({ clean: z.boolean() });

/**
 * Asks a virus scanner over HTTP: `POST` of the bytes, with the type and `x-attachment-id`. It answers `{"clean": true}` or
 * `{"clean": false}` with status 200. Anything else means that it could not tell.
 */
export class HttpScanner implements VirusScanner {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(url: string, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  async isClean(
    file: string,
    { attachmentId, kind, mimeType }: Parameters<VirusScanner['isClean']>[1],
  ): Promise<boolean> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': mimeType,
        'x-attachment-id': attachmentId,
        'x-attachment-kind': kind,
      },
      body: await openAsBlob(file),
      redirect: 'error',
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    if (!response.ok) throw new Error(`the virus scanner answered with status ${response.status}`);
    return verdict.parse(await response.json()).clean;
  }
}
