import { createHmac, timingSafeEqual } from 'node:crypto';

/** Path of the server under which the embedded store answers. */
export const FILES_PATH = '/files/';

export type UrlMethod = 'GET' | 'PUT';

/** Signs and checks URLs of the embedded store: HMAC-SHA256 over method, key and all parameters. */
export class FileUrls {
  readonly #secret: string;
  /** Address in front of the path; empty for a path alone. */
  readonly #base: string;

  constructor(secret: string, base: string) {
    this.#secret = secret;
    this.#base = base;
  }

  sign(method: UrlMethod, key: string, parameters: Readonly<Record<string, string>>): string {
    const query = new URLSearchParams(parameters);
    query.set('signature', this.#mac(method, key, parameters).toString('base64url'));
    return `${this.#base}${FILES_PATH}${key}?${query.toString()}`;
  }

  /** Returns the parameters of a URL. Undefined when its signature is wrong or it has expired. */
  verify(method: UrlMethod, key: string, query: URLSearchParams): Record<string, string> | undefined {
    const { signature = '', ...parameters } = Object.fromEntries(query);
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#mac(method, key, parameters);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Number(parameters['expires']) >= Date.now() ? parameters : undefined;
  }

  #mac(method: UrlMethod, key: string, parameters: Readonly<Record<string, string>>): Buffer {
    const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHmac('sha256', this.#secret)
      .update(JSON.stringify([method, key, sorted]))
      .digest();
  }
}
