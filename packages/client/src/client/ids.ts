interface RandomSource {
  randomUUID?: () => string;
  getRandomValues?: (bytes: Uint8Array) => Uint8Array;
}

/**
 * Returns a version 4 UUID from the platform. `randomUUID` is missing on plain HTTP pages and on some phones.
 *
 * @throws when the platform has no random numbers: pass `randomUUID` to `createParleyClient`
 */
export function platformUuid(): string {
  const source = (globalThis as { crypto?: RandomSource }).crypto;
  if (typeof source?.randomUUID === 'function') return source.randomUUID();
  if (typeof source?.getRandomValues !== 'function') {
    throw new Error('Pass randomUUID: this platform has no crypto.');
  }
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
