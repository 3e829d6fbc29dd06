import type { UploadFile, UploadSource, UriFile } from '../api/uploads.js';
import type { StoredFile } from '../storage/storage.js';

/** Opens a file by its address. Default: `fetch`, which reads `file:` and `content:` in React Native. */
export type OpenUri = (file: UriFile) => Promise<UploadSource>;

export const isUriFile = (file: UploadFile): file is UriFile => 'uri' in file;

const isBytes = (file: UploadFile): file is Uint8Array => file instanceof Uint8Array;

export const isBlob = (file: unknown): file is Blob => typeof Blob !== 'undefined' && file instanceof Blob;

/** Returns what a storage can keep of a file; undefined for a file that is only an address, or is read by the app. */
export function storable(file: UploadFile): StoredFile | undefined {
  return isBytes(file) || isBlob(file) ? file : undefined;
}

export const fetchUri: OpenUri = async ({ uri }) => (await fetch(uri)).blob();

/** Returns the bytes of a file. @throws when a file that is an address cannot be opened */
export async function openSource(file: UploadFile, openUri: OpenUri): Promise<UploadSource> {
  if (isUriFile(file)) return openUri(file);
  if (!isBytes(file)) return file;
  return { size: file.byteLength, slice: (start, end) => new Uint8Array(file.subarray(start, end)) };
}

export function sizeOf(file: UploadFile): number {
  return (isBytes(file) ? file.byteLength : file.size) ?? 0;
}

/** Types that the server decodes as images. */
const IMAGE_TYPES = /^image\/(?:jpeg|png|webp|gif|heic|heif|avif)$/;

/** A media type that the server takes. Some systems say other things about files. */
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** Returns name, type and kind of a file, as far as it tells. */
export function describe(file: UploadFile): { name: string | undefined; mimeType: string; isImage: boolean } {
  const named = file as { name?: unknown; type?: unknown };
  const type = typeof named.type === 'string' ? baseType(named.type) : '';
  return {
    name: typeof named.name === 'string' && named.name !== '' ? named.name : undefined,
    mimeType: MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
    isImage: IMAGE_TYPES.test(type),
  };
}

/** Returns a media type without parameters: recorders name codecs. */
export const baseType = (type: string): string => type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
