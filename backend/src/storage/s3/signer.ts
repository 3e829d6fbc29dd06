import { createHmac, hash } from 'node:crypto';

/*
 * AWS Signature Version 4 in the query string, for S3. Source: "Authenticating Requests: Using Query Parameters" of the
 * Amazon S3 API reference. The SDK's own presigner runs its whole middleware stack for each URL, about 30 times slower; a
 * page of history has hundreds of URLs.
 */

export interface SigningKeys {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface SignableRequest {
  method: 'GET' | 'PUT';
  /** Scheme and host, and the path in front of the key (the bucket, in path style), without a slash at the end. */
  base: URL;
  key: string;
  query?: Record<string, string>;
  /** Headers that the request must have, with lower-case names. */
  headers?: Record<string, string>;
  signedAt: Date;
  validSeconds: number;
}

/** Encodes as RFC 3986 asks: `encodeURIComponent` leaves five reserved characters. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const encodePath = (path: string): string => path.split('/').map(encode).join('/');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Signs requests with one key pair. */
export class S3Signer {
  readonly #keys: SigningKeys;
  /** The key derived for one day. Deriving it takes four of the five HMACs of a URL. */
  #derived: { day: string; key: Buffer } | undefined;

  constructor(keys: SigningKeys) {
    this.#keys = keys;
  }

  /** Returns the signed URL. */
  sign({ method, base, key, query = {}, headers = {}, signedAt, validSeconds }: SignableRequest): string {
    const time = signedAt.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = time.slice(0, 8);
    const scope = `${day}/${this.#keys.region}/s3/aws4_request`;
    const signedHeaders = Object.entries({ ...headers, host: base.host }).sort(byName);
    const headerNames = signedHeaders.map(([name]) => name).join(';');
    const parameters = Object.entries({
      ...query,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${this.#keys.accessKeyId}/${scope}`,
      'X-Amz-Date': time,
      'X-Amz-Expires': String(validSeconds),
      'X-Amz-SignedHeaders': headerNames,
    })
      .map(([name, value]) => [encode(name), encode(value)] as const)
      .sort(byName)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const path = `${base.pathname.replace(/\/$/, '')}/${encodePath(key)}`;
    const canonical = [
      method,
      path,
      parameters,
      ...signedHeaders.map(([name, value]) => `${name}:${value.trim()}`),
      '',
      headerNames,
      'UNSIGNED-PAYLOAD',
    ].join('\n');
    const digest = hash('sha256', canonical, 'hex');
    const signature = hmac(this.#keyOf(day), ['AWS4-HMAC-SHA256', time, scope, digest].join('\n'));
    return `${base.origin}${path}?${parameters}&X-Amz-Signature=${signature.toString('hex')}`;
  }

  #keyOf(day: string): Buffer {
    if (this.#derived?.day === day) return this.#derived.key;
    const { secretAccessKey, region } = this.#keys;
    const ofDay = hmac(`AWS4${secretAccessKey}`, day);
    const key = hmac(hmac(hmac(ofDay, region), 's3'), 'aws4_request');
    this.#derived = { day, key };
    return key;
  }
}
