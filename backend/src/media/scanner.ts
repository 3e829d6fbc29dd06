import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { OutgoingRequests } from '../services/outgoing.js';
import type { VirusScanner } from '../services/virusScanner.js';

const verdict = z.object({ clean: z.boolean() });

/**
 * Asks a virus scanner over HTTP: `POST` of the bytes, with the type and `x-attachment-id`. It answers `{"clean": true}` or
 * `{"clean": false}` with status 200. Anything else means that it could not tell.
 */
export class HttpScanner implements VirusScanner {
  readonly #outgoing: OutgoingRequests;
  readonly #url: string;
  readonly #timeoutMs: number;

  /** @param url a variable of the environment, so that a private address is allowed. */
  constructor(outgoing: OutgoingRequests, url: string, timeoutMs: number) {
    this.#outgoing = outgoing;
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  async isClean(
    file: string,
    { attachmentId, kind, mimeType }: Parameters<VirusScanner['isClean']>[1],
  ): Promise<boolean> {
    const { size } = await stat(file);
    const answer = await this.#outgoing.send({
      url: this.#url,
      source: 'operator',
      method: 'POST',
      headers: {
        'content-type': mimeType,
        'content-length': String(size),
        'x-attachment-id': attachmentId,
        'x-attachment-kind': kind,
      },
      body: createReadStream(file),
      timeoutMs: this.#timeoutMs,
    });
    if (answer.status !== 200) throw new Error(`the virus scanner answered with status ${answer.status}`);
    return verdict.parse(JSON.parse(answer.body.toString())).clean;
  }
}
