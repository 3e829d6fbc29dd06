import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Text of an API key: `parley_<id>_<secret>`. The prefix lets secret scanners find keys in repositories; the id is public
 * and names the key in logs; the secret has 256 random bits.
 */
const FORM = /^parley_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes a key. `text` is shown once; `hash` is stored. */
export function createApiKeyText(): { id: string; text: string; hash: string } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, text: `parley_${id}_${secret}`, hash: hashOf(secret).toString('base64url') };
}

/** Returns the id and the secret of a key; undefined for a text of another form, a user's token for example. */
export function parseApiKeyText(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** True when a secret has this hash. Compared in constant time. */
export function isSecretOf(secret: string, hash: string): boolean {
  const [given, stored] = [hashOf(secret), Buffer.from(hash, 'base64url')];
  return given.length === stored.length && timingSafeEqual(given, stored);
}
