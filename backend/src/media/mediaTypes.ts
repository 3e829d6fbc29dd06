/** Media types with the same content under several names; the first one is stored. */
const FAMILIES: readonly (readonly string[])[] = [
  ['image/jpeg', 'image/jpg', 'image/pjpeg', 'image/mpo'],
  ['image/png', 'image/apng', 'image/vnd.mozilla.apng'],
  ['image/webp'],
  ['image/gif'],
  ['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ['image/avif', 'image/avif-sequence'],
  ['audio/mp4', 'audio/x-m4a', 'audio/m4a', 'video/mp4', 'audio/aacp', 'video/quicktime'],
  ['audio/mpeg', 'audio/mp3'],
  ['audio/ogg', 'audio/opus', 'video/ogg', 'application/ogg'],
  ['audio/webm', 'video/webm', 'video/matroska', 'video/x-matroska', 'audio/matroska', 'audio/x-matroska'],
  ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
  ['audio/aac', 'audio/x-aac'],
  ['audio/amr'],
  ['audio/flac', 'audio/x-flac'],
];

const BY_NAME = new Map(FAMILIES.flatMap((names) => names.map((name) => [name, names[0] ?? name])));

export const withoutParameters = (mimeType: string): string =>
  (mimeType.split(';')[0] ?? '').trim().toLowerCase();

/** Returns the usual name of a media type, without parameters: `audio/ogg` for `video/ogg; codecs=opus`. */
export function canonicalType(mimeType: string): string {
  const name = withoutParameters(mimeType);
  return BY_NAME.get(name) ?? name;
}

export const isImageType = (canonical: string): boolean => IMAGES.has(canonical);
export const isSoundType = (canonical: string): boolean => SOUNDS.has(canonical);

const IMAGES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/heic',
  'image/avif',
]);
const SOUNDS: ReadonlySet<string> = new Set([
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/webm',
  'audio/wav',
  'audio/aac',
  'audio/amr',
  'audio/flac',
]);
