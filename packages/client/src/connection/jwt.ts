/** Claims of a token that the SDK reads. It is not verified here: that is the server's task. */
export interface TokenClaims {
  /** Id of the user. */
  userId: string | undefined;
  /** Milliseconds between issue and expiry; undefined when the token does not tell. */
  lifetimeMs: number | undefined;
}

const NO_CLAIMS: TokenClaims = { userId: undefined, lifetimeMs: undefined };
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Decodes base64url with UTF-8 inside. `atob` and `TextDecoder` are missing on some phones. */
function decode(text: string): string {
  let bits = 0;
  let held = 0;
  let encoded = '';
  for (const char of text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) throw new Error('not base64url');
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    encoded += `%${((held >> bits) & 0xff).toString(16).padStart(2, '0')}`;
  }
  return decodeURIComponent(encoded);
}

export function readClaims(token: string): TokenClaims {
  try {
    const claims: unknown = JSON.parse(decode(token.split('.')[1] ?? ''));
    if (typeof claims !== 'object' || claims === null) return NO_CLAIMS;
    const { sub, iat, exp }: { sub?: unknown; iat?: unknown; exp?: unknown } = claims;
    return {
      userId: typeof sub === 'string' && sub !== '' ? sub : undefined,
      lifetimeMs:
        typeof iat === 'number' && typeof exp === 'number' ? Math.max(0, (exp - iat) * 1_000) : undefined,
    };
  } catch {
    return NO_CLAIMS;
  }
}
