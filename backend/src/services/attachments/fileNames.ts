import { LIMITS } from '../../../../contract/index.js';
import { cutText } from '../../utils/cutText.js';

/** Characters that turn around how a name is shown: `cod<U+202E>gpj.exe` looks like `codexe.jpg`. */
const BIDI_CONTROLS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex -- Control characters have no place in a header or a file system.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

/** Extension of images that are stored in another format than they were uploaded in. */
const NEW_EXTENSIONS: Readonly<Record<string, string>> = { 'image/jpeg': '.jpg', 'image/webp': '.webp' };
const REWRITTEN = /\.(heic|heif|hif|avif)$/i;

/** Returns the name without folders and without characters that deceive; `file` when nothing is left. */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const clean = last.replace(BIDI_CONTROLS, '').replace(CONTROLS, '').trim();
  return cutText(clean, LIMITS.maxFileNameChars) || 'file';
}

/** Returns the name with an extension that fits the stored format: a HEIC photo becomes a JPEG. */
export const storedFileName = (name: string, mimeType: string): string =>
  name.replace(REWRITTEN, (extension) => NEW_EXTENSIONS[mimeType] ?? extension);
