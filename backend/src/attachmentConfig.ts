import { z } from 'zod';
import { LIMITS } from '../../contract/index.js';
import { flag, httpUrl, wholeNumber } from './configFields.js';

const MB = 1024 * 1024;
/** A file is copied in one request, for which S3 allows this much. */
const MAX_FILE_BYTES = 5 * 1024 * MB;
const MAX_IMAGE_SIDE = 16_000;
const MIN_SECRET_CHARS = 32;

/** Variables about uploaded files. */
export const attachmentEnvironment = {
  STORAGE: z.enum(['embedded', 's3'], { error: 'must be embedded or s3' }).default('embedded'),
  PUBLIC_URL: httpUrl.optional(),
  S3_ENDPOINT: httpUrl.optional(),
  S3_PUBLIC_ENDPOINT: httpUrl.optional(),
  S3_REGION: z.string().min(1).default('auto'),
  S3_BUCKET: z.string().min(1).optional(),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_FORCE_PATH_STYLE: flag.default(false),
  CDN_URL: httpUrl.optional(),
  CDN_SECRET: z
    .string()
    .min(MIN_SECRET_CHARS, `must have at least ${MIN_SECRET_CHARS} characters`)
    .optional(),
  EXTERNAL_ATTACHMENTS: flag.optional(),
  ATTACHMENT_MAX_BYTES: wholeNumber(1, MAX_FILE_BYTES).default(LIMITS.maxAttachmentBytes),
  ATTACHMENTS_PENDING: wholeNumber(1, 10_000).default(LIMITS.maxPendingAttachments),
  ATTACHMENTS_PER_DAY: wholeNumber(0, 1_000_000).default(LIMITS.maxAttachmentsPerDay),
  ATTACHMENT_BYTES_PER_DAY: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(LIMITS.maxAttachmentBytesPerDay),
  IMAGE_MAX_SIDE: wholeNumber(100, MAX_IMAGE_SIDE).default(LIMITS.maxImageSide),
  IMAGE_QUALITY: wholeNumber(1, 100).default(82),
  MEDIA_WORKERS: wholeNumber(1, 64).default(1),
  MEDIA_TIMEOUT_MS: wholeNumber(100, 120_000).default(20_000),
  SCAN_URL: httpUrl.optional(),
  SCAN_TIMEOUT_MS: wholeNumber(100, 120_000).default(30_000),
} as const;

export type AttachmentEnvironment = z.output<z.ZodObject<typeof attachmentEnvironment>>;

const NEEDED_BY_S3 = ['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;

/** Returns a sentence about variables that do not fit each other; undefined when all do. */
export function attachmentProblem(env: AttachmentEnvironment): string | undefined {
  if (env.STORAGE === 's3') {
    const missing = NEEDED_BY_S3.find((name) => env[name] === undefined);
    if (missing !== undefined) return `${missing} is needed for STORAGE=s3.`;
    if (env.S3_ENDPOINT === undefined && env.S3_REGION === 'auto') {
      return 'S3_REGION is needed for STORAGE=s3 without S3_ENDPOINT.';
    }
    if (env.CDN_URL !== undefined && env.CDN_SECRET === undefined) {
      return 'CDN_SECRET is needed for CDN_URL: without it, every address would open a file for everybody.';
    }
  }
  if (env.STORAGE === 'embedded' && env.CDN_URL !== undefined) return 'CDN_URL needs STORAGE=s3.';
  return undefined;
}
