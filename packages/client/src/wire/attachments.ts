import type { Attachment, AttachmentKind } from './content.js';

/**
 * Status of an uploaded file. `pending`: its bytes are awaited. `processing`: they are being checked. `ready`: it can be
 * sent. `sent`: it belongs to a message. `rejected`: it cannot be sent, `reason` says why.
 */
export type AttachmentStatus = 'pending' | 'processing' | 'ready' | 'rejected' | 'sent';

/**
 * Reason for which an upload is rejected. `size`: not as many bytes as announced. `type`: the content is not of the announced
 * type, or of a type that the kind does not allow. `unreadable`: damaged or truncated. `tooManyPixels`: a larger image than the
 * server accepts. `tooSlow`: checking it took too long. `malware`: refused by the virus scanner.
 */
export type RejectionReason = 'size' | 'type' | 'unreadable' | 'tooManyPixels' | 'tooSlow' | 'malware';

/** A file of the user on its way into a message. The optional fields are set from `ready` on. */
export interface UploadedAttachment extends Omit<
  Attachment,
  'attachmentId' | 'kind' | 'url' | 'name' | 'mimeType' | 'sizeBytes'
> {
  _id: string;
  status: AttachmentStatus;
  kind: AttachmentKind;
  name: string;
  /** As announced; from `ready` on, of the stored file. */
  mimeType: string;
  sizeBytes: number;
  url?: string | undefined;
  reason?: RejectionReason | undefined;
  /** ISO 8601. */
  createdAt: string;
}

/** One part of a large file, sent with a request of its own. */
export interface UploadPart {
  url: string;
  headers: Record<string, string>;
  partNumber: number;
  /** Position of its first byte in the file. */
  offset: number;
  sizeBytes: number;
  /** True when the part has arrived before. */
  stored: boolean;
}

/**
 * Requests that bring the bytes to object storage. Small files: one `PUT` to `url` (status 412 means that the bytes have
 * arrived before). Large files: one `PUT` for each entry of `parts` that is not `stored`, in any order. Resolve addresses
 * against the address of the server, and send exactly these headers. After `expiresAt`, ask for new ones with `getUpload`.
 */
export interface Upload {
  method: 'PUT';
  /** ISO 8601. */
  expiresAt: string;
  url?: string | undefined;
  headers?: Record<string, string> | undefined;
  parts?: UploadPart[] | undefined;
}

export interface CreateAttachmentInput {
  kind: AttachmentKind;
  fileName: string;
  mimeType: string;
  sizeBytes: number;
  /** Where it will be sent: refuses early what could not be sent there. */
  conversationId?: string | undefined;
  /** Idempotency key: repeated, it returns the first upload with new URLs. */
  clientAttachmentId?: string | undefined;
  /** Voice notes: shown when the file itself does not tell. */
  durationMs?: number | undefined;
  waveform?: number[] | undefined;
}

export interface AttachmentReference {
  attachmentId: string;
}

export interface AttachmentCommands {
  /** Begins the upload of a file: send the bytes with the answered requests, then call `completeAttachment`. */
  createAttachment: {
    payload: CreateAttachmentInput;
    data: { attachment: UploadedAttachment; upload?: Upload | undefined; created: boolean };
  };
  /** The upload with new URLs and the parts that have arrived: to go on after a cut. */
  getUpload: {
    payload: AttachmentReference;
    data: { attachment: UploadedAttachment; upload?: Upload | undefined };
  };
  /** Checks the uploaded bytes. `processing` when that takes longer: call it again. `CONFLICT` while bytes are missing. */
  completeAttachment: { payload: AttachmentReference; data: { attachment: UploadedAttachment } };
  /** A file with fresh URLs, when those of a message have expired. */
  getAttachment: { payload: AttachmentReference; data: { attachment: Attachment } };
  /** Removes a file that no message has. */
  cancelAttachment: { payload: AttachmentReference; data: AttachmentReference };
}
