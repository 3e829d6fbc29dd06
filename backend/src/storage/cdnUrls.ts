import { createHmac } from 'node:crypto';
import type { SignedUrl } from '../services/objectStore.js';
import type { UrlWindow } from './urlWindow.js';

/**
 * URLs of a CDN in front of the bucket. The CDN checks the signature, so that an address alone opens nothing:
 * `<url>/<key>?verify=<seconds>-<mac>` with the base64 of HMAC-SHA256 over path and seconds. This is the form that
 * Cloudflare's `is_timed_hmac_valid_v0` checks in a firewall rule; docs/files.md has rule and numbers.
 */
export class CdnUrls {
  readonly #base: string;
  readonly #path: string;
  readonly #secret: string;

  constructor({ url, secret }: { url: string; secret: string }) {
    const parsed = new URL(url);
    this.#path = parsed.pathname.replace(/\/$/, '');
    this.#base = parsed.origin;
    this.#secret = secret;
  }

  /** Signs the path of a key as of the start of the window. Keys are made of letters, digits and slashes. */
  sign(key: string, { signedAt, expiresAt }: UrlWindow): SignedUrl {
    const path = `${this.#path}/${key}`;
    const seconds = String(Math.floor(signedAt.getTime() / 1_000));
    const mac = createHmac('sha256', this.#secret).update(`${path}${seconds}`).digest('base64');
    return { url: `${this.#base}${path}?verify=${seconds}-${encodeURIComponent(mac)}`, expiresAt };
  }
}
