import { z } from 'zod';
import { command } from '../command.js';
import { attachmentKind, attachmentView, mediaType, waveform } from '../content.js';
import { LIMITS } from '../limits.js';
import { attachmentId, clientAttachmentId, conversationId, isoTime } from '../primitives.js';
import { visibleText } from '../text.js';

/**
 * Status of an uploaded file. `pending`: its bytes are awaited. `processing`: they are being checked. `ready`: it can be
 * sent. `sent`: it belongs to a message. `rejected`: it cannot be sent, `reason` says why.
 */
export const ATTACHMENT_STATUSES = ['pending', 'processing', 'ready', 'rejected', 'sent'] as const;

/**
 * Reasons for which an upload is rejected. `size`: not as many bytes as announced. `type`: the content is not of the
 * announced type, or of a type that the kind does not allow. `unreadable`: damaged or truncated. `tooManyPixels`: more than
 * `LIMITS.maxImagePixels`. `tooSlow`: checking it took too long. `malware`: refused by the virus scanner.
 */
export const REJECTION_REASONS = [
  'size',
  'type',
  'unreadable',
  'tooManyPixels',
  'tooSlow',
  'malware',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** A file of the caller on its way into a message. The fields of `attachmentView` are set from `ready` on. */
export const uploadedAttachmentView = attachmentView
  .omit({ attachmentId: true })
  .partial()
  .extend({
    _id: attachmentId,
    status: z.enum(ATTACHMENT_STATUSES),
    kind: attachmentKind,
    name: z.string(),
    /** As announced; from `ready` on, of the stored file. */
    mimeType: z.string(),
    sizeBytes: z.int(),
    reason: z.enum(REJECTION_REASONS).optional(),
    createdAt: isoTime,
  });
export type UploadedAttachmentView = z.infer<typeof uploadedAttachmentView>;

const signedRequest = z.object({
  /** Resolve it against the address of the server: the embedded store answers with a path. */
  url: z.string(),
  /** Send exactly these headers. `content-length` is part of the signature as well. */
  headers: z.record(z.string(), z.string()),
});

/**
 * Requests that bring the bytes to object storage. Small files: one `PUT` to `url` (status 412 means that the bytes have
 * arrived before). Files of `LIMITS.uploadPartBytes` and more: one `PUT` for each entry of `parts` that is not `stored`, in
 * any order. After `expiresAt`, ask for new ones with `getUpload`.
 */
export const uploadView = z.object({
  method: z.literal('PUT'),
  expiresAt: isoTime,
  url: signedRequest.shape.url.optional(),
  headers: signedRequest.shape.headers.optional(),
  parts: z
    .array(
      signedRequest.extend({
        partNumber: z.int().min(1),
        /** Position of its first byte in the file. */
        offset: z.int().min(0),
        sizeBytes: z.int().min(1),
        /** True when the part has arrived before. */
        stored: z.boolean(),
      }),
    )
    .optional(),
});
export type UploadView = z.infer<typeof uploadView>;

/** Largest size that can be announced: the configured limit (`ATTACHMENT_MAX_BYTES`) is lower. */
const MAX_ANNOUNCED_BYTES = 5 * 1024 ** 3;

export const createAttachmentInput = z.strictObject({
  kind: attachmentKind,
  fileName: visibleText(LIMITS.maxFileNameChars),
  mimeType: mediaType,
  sizeBytes: z.int().min(1).max(MAX_ANNOUNCED_BYTES),
  /** Where it will be sent: refuses early what could not be sent there. */
  conversationId: conversationId.optional(),
  clientAttachmentId: clientAttachmentId.optional(),
  /** Voice notes: shown when the file itself does not tell. */
  durationMs: z.number().overwrite(Math.round).min(0).max(86_400_000).optional(),
  waveform: waveform.optional(),
});
export type CreateAttachmentInput = z.infer<typeof createAttachmentInput>;

const own = z.strictObject({ attachmentId });
const oneAttachment = z.object({ attachment: uploadedAttachmentView });
const uploading = oneAttachment.extend({ upload: uploadView.optional() });
const pair = { ok: 'attachment:result', error: 'attachment:error' } as const;

/** Uploading files. */
export const ATTACHMENT_COMMANDS = {
  createAttachment: command({
    payload: createAttachmentInput,
    answer: uploading.extend({ created: z.boolean() }),
    pair,
    codes: ['NOT_PARTICIPANT', 'TOO_LARGE', 'LIMIT_EXCEEDED', 'CONFLICT'],
    bucket: 'upload',
    repeatSafe:
      'a repeated `clientAttachmentId` returns the first upload with new URLs; without one, each call begins an upload',
    summary:
      'Begins the upload of a file. The client sends the bytes to object storage with the answered requests, then calls `completeAttachment`.',
  }),
  getUpload: command({
    payload: own,
    answer: uploading,
    pair,
    codes: ['NOT_FOUND'],
    bucket: 'upload',
    repeatSafe: 'reads only',
    summary:
      "The caller's upload with new URLs and, for a large file, the parts that have arrived: to go on after a cut.",
  }),
  completeAttachment: command({
    payload: own,
    answer: oneAttachment,
    pair,
    codes: ['NOT_FOUND', 'CONFLICT'],
    bucket: 'upload',
    repeatSafe: 'a file is checked once; later calls answer with the result',
    summary:
      'Checks the uploaded bytes and answers `ready` or `rejected`. `processing` when that takes longer: call it again. `CONFLICT` while bytes are missing.',
  }),
  getAttachment: command({
    payload: own,
    answer: z.object({ attachment: attachmentView }),
    pair,
    codes: ['NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary:
      'A file with fresh URLs, when those of a message have expired: for its uploader, and for those who may see the message that has it.',
  }),
  cancelAttachment: command({
    payload: own,
    answer: z.object({ attachmentId }),
    pair,
    codes: ['CONFLICT'],
    bucket: 'upload',
    repeatSafe: 'what is gone stays gone',
    summary:
      'Removes a file of the caller that no message has, whatever its state. `CONFLICT` when a message has it. Succeeds when there is nothing to remove.',
  }),
} as const;
