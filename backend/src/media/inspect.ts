import { fileTypeFromFile } from 'file-type';
import type { Inspection } from '../services/mediaInspector.js';
import { makeThumbnail, rewriteImage, thumbhashOf } from './image.js';
import { canonicalType, isImageType, isSoundType, withoutParameters } from './mediaTypes.js';
import { Rejected } from './rejected.js';
import { readSound } from './sound.js';
import type { WorkerRequest } from './types.js';

/** Settings for pictures that are sent as files: as they are, but without metadata. */
const AS_FILE = { maxSide: 16_000, quality: 92 };
/** Types that name places, devices and people, and whose metadata is not removed. */
const MAY_HOLD_METADATA = /^(image|video)\//;

/** Inspects one uploaded file. Runs in a worker process: nothing here may be trusted to end, or to stay within bounds. */
export async function inspect(request: WorkerRequest): Promise<Inspection> {
  try {
    const detected = await fileTypeFromFile(request.file);
    const type = detected && canonicalType(detected.mime);
    if (request.kind === 'image') return await inspectImage(request, type);
    if (request.kind === 'voice') return await inspectVoice(request, type);
    return await inspectFile(request, detected?.mime);
  } catch (error) {
    if (error instanceof Rejected) return { outcome: 'rejected', reason: error.reason };
    // Sharp gives its errors no codes.
    const isTooLarge = error instanceof Error && error.message.includes('pixel limit');
    return { outcome: 'rejected', reason: isTooLarge ? 'tooManyPixels' : 'unreadable' };
  }
}

async function inspectImage(request: WorkerRequest, type: string | undefined): Promise<Inspection> {
  if (type === undefined || type !== canonicalType(request.announcedType) || !isImageType(type)) {
    throw new Rejected('type');
  }
  const { file, folder, settings } = request;
  const image = await rewriteImage({ file, folder, type }, settings);
  const thumbnail = await makeThumbnail(image, folder);
  const { mimeType, width, height } = image;
  const thumbhash = await thumbhashOf(thumbnail);
  return {
    outcome: 'accepted',
    facts: { mimeType, width, height, thumbhash, hasThumbnail: true },
    rewritten: image.file,
    thumbnail,
  };
}

async function inspectVoice(request: WorkerRequest, type: string | undefined): Promise<Inspection> {
  if (type === undefined || type !== canonicalType(request.announcedType) || !isSoundType(type)) {
    throw new Rejected('type');
  }
  const sound = await readSound(request.file, type, request.announcedSound);
  return { outcome: 'accepted', facts: { mimeType: type, ...sound } };
}

/** Accepts everything: a file is only ever downloaded. Pictures lose their metadata, or are marked. */
async function inspectFile(request: WorkerRequest, detected: string | undefined): Promise<Inspection> {
  const mimeType = detected ?? withoutParameters(request.announcedType);
  const type = canonicalType(detected ?? '');
  if (isImageType(type)) {
    try {
      const { file, folder } = request;
      const image = await rewriteImage({ file, folder, type }, AS_FILE);
      const { width, height } = image;
      return {
        outcome: 'accepted',
        facts: { mimeType: image.mimeType, width, height },
        rewritten: image.file,
      };
    } catch {
      // Kept as it is, and marked: the sender wanted a file, not a picture.
    }
  }
  const mayHoldMetadata = MAY_HOLD_METADATA.test(mimeType);
  return { outcome: 'accepted', facts: { mimeType, ...(mayHoldMetadata && { mayHoldMetadata }) } };
}
