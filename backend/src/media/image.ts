import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import decodeHeic from 'heic-decode';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { LIMITS } from '../../../contract/index.js';
import { Rejected } from './rejected.js';
import type { ImageSettings } from './types.js';

/** The only formats that are ever decoded. Others have decoders that can be made to run for seconds, or to read files. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((name) => `VipsForeignLoad${name}`);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS });
// One process handles one file at a time, beside a server that needs the other cores.
sharp.concurrency(1);
sharp.cache(false);

/** Larger than this, a picture is not made smaller for the preview hash. */
const HASH_SIDE = 100;
const THUMBNAIL_QUALITY = 75;
/** Tries of the GIF encoder to find a better palette, of 10. */
const GIF_EFFORT = 2;

export interface ProcessedImage {
  mimeType: string;
  width: number;
  height: number;
  file: string;
}

const INPUT = {
  limitInputPixels: LIMITS.maxImagePixels,
  // Truncated and damaged images are refused, not shown in half.
  failOn: 'error',
} as const;

/** Format of the stored image: as uploaded, where browsers and phones can show it. */
const STORED: Readonly<Record<string, 'jpeg' | 'png' | 'webp' | 'gif'>> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/heic': 'jpeg',
  'image/avif': 'webp',
};

/** Opens an image with all its frames. @throws Rejected when it has too many pixels. */
async function openImage(file: string, type: string): Promise<{ image: Sharp; isAnimated: boolean }> {
  if (type === 'image/heic') return { image: await openHeic(file), isAnimated: false };
  const mayMove = type === 'image/gif' || type === 'image/webp';
  const options = mayMove ? { ...INPUT, pages: -1 } : INPUT;
  const { width, height, pages = 1 } = await sharp(file, options).metadata();
  // With all frames, the height is that of the frames one above the other.
  if (width * height > LIMITS.maxImagePixels) throw new Rejected('tooManyPixels');
  return { image: sharp(file, options), isAnimated: pages > 1 };
}

/** Decodes a photo of an iPhone: the prebuilt image library has no decoder for it. Applies its orientation. */
async function openHeic(file: string): Promise<Sharp> {
  const images = await decodeHeic.all({ buffer: new Uint8Array(await readFile(file)) });
  const [first] = images;
  if (first === undefined) throw new Rejected('unreadable');
  try {
    if (first.width * first.height > LIMITS.maxImagePixels) throw new Rejected('tooManyPixels');
    const { data, width, height } = await first.decode();
    return sharp(Buffer.from(data.buffer, data.byteOffset, data.byteLength), {
      ...INPUT,
      raw: { width, height, channels: 4 },
    });
  } finally {
    images.dispose();
  }
}

/**
 * Writes an image anew: upright, in sRGB, without EXIF, GPS and other metadata, and without whatever else the file holds.
 * Animations keep moving.
 */
export async function rewriteImage(
  { file, folder, type }: { file: string; folder: string; type: string },
  { maxSide, quality }: ImageSettings,
): Promise<ProcessedImage> {
  const { image, isAnimated } = await openImage(file, type);
  const format = STORED[type];
  if (format === undefined) throw new Rejected('type');
  const upright = isAnimated ? image : image.autoOrient();
  const resized = upright.resize({
    width: maxSide,
    height: maxSide,
    fit: 'inside',
    withoutEnlargement: true,
  });
  const output = join(folder, `image.${format}`);
  const encoded =
    format === 'jpeg'
      ? resized.flatten({ background: '#ffffff' }).jpeg({ quality })
      : format === 'png'
        ? resized.png()
        : format === 'webp'
          ? resized.webp({ quality })
          : resized.gif({ effort: GIF_EFFORT });
  const { width, height, pageHeight } = await encoded.toFile(output);
  return { mimeType: `image/${format}`, width, height: pageHeight ?? height, file: output };
}

/** Writes the thumbnail of a stored image: its first frame, as WebP, in the one size that there is. */
export async function makeThumbnail(image: ProcessedImage, folder: string): Promise<string> {
  const output = join(folder, 'thumbnail.webp');
  const side = LIMITS.thumbnailSide;
  await sharp(image.file, INPUT)
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: THUMBNAIL_QUALITY })
    .toFile(output);
  return output;
}

/** Returns the ThumbHash of a thumbnail, as base64. */
export async function thumbhashOf(thumbnail: string): Promise<string> {
  const { data, info } = await sharp(thumbnail, INPUT)
    .resize({ width: HASH_SIDE, height: HASH_SIDE, fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}
