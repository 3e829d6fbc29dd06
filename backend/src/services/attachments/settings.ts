/** Limits of uploads, as configured. */
export interface AttachmentLimits {
  /** Bytes of one file (`ATTACHMENT_MAX_BYTES`). */
  maxBytes: number;
  /** Unfinished uploads of one user (`ATTACHMENTS_PENDING`). */
  maxPending: number;
  /** Files of one user in a day (`ATTACHMENTS_PER_DAY`). */
  maxFilesPerDay: number;
  /** Bytes of one user in a day (`ATTACHMENT_BYTES_PER_DAY`). */
  maxBytesPerDay: number;
}
