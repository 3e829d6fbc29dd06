import { z } from 'zod';
import { attachment, attachmentId, attachmentKind, attachmentView } from '../../../contract/index.js';

/** Facts about an uploaded file that its message carries, so that a page of messages needs no further query. */
export const fileFacts = z.object({
  name: z.string(),
  /** Type found in the content, never the client's word for images and voice notes. */
  mimeType: z.string(),
  sizeBytes: z.int(),
  width: z.int().exactOptional(),
  height: z.int().exactOptional(),
  durationMs: z.int().exactOptional(),
  waveform: z.array(z.int()).exactOptional(),
  soundFrom: z.enum(['file', 'client']).exactOptional(),
  thumbhash: z.string().exactOptional(),
  hasThumbnail: z.boolean().exactOptional(),
  mayHoldMetadata: z.boolean().exactOptional(),
});
export type FileFacts = z.infer<typeof fileFacts>;

const uploaded = fileFacts.extend({ attachmentId, kind: attachmentKind });
/** An uploaded file as its message stores it: without URLs, which are signed whenever the message is read. */
export type UploadedFile = z.infer<typeof uploaded>;

/** An attachment as a message stores it: an uploaded file, or the address of a file elsewhere. */
export const storedAttachment = z.union([uploaded, attachment]);
export type StoredAttachment = z.infer<typeof storedAttachment>;

/** Less strict, for messages stored by earlier versions, imports and scripts. */
export const anyStoredAttachment = z.union([uploaded, attachmentView]);

export const isUploaded = (one: StoredAttachment): one is UploadedFile =>
  'attachmentId' in one && !('url' in one);

/** Ids of the uploaded files among these attachments. */
export const uploadedIds = (attachments: readonly StoredAttachment[] = []): UploadedFile['attachmentId'][] =>
  attachments.flatMap((one) => (isUploaded(one) ? [one.attachmentId] : []));
