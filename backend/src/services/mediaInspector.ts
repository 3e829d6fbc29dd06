import type { AttachmentKind, RejectionReason } from '../../../contract/index.js';
import type { FileFacts } from '../models/storedAttachment.js';

/** Port of the inspection of uploaded files. `media/` runs it in processes of their own. */

export interface InspectionRequest {
  /** The uploaded bytes, as a local file. */
  file: string;
  /** Folder for the files that the inspection makes. */
  folder: string;
  kind: AttachmentKind;
  /** Type that the client has announced. */
  announcedType: string;
  /** Voice notes: what the client says, for files that do not tell. */
  announcedSound: { durationMs?: number; waveform?: number[] };
}

export type Inspection =
  | {
      outcome: 'accepted';
      facts: Omit<FileFacts, 'name' | 'sizeBytes'>;
      /** The file without metadata, to be stored in place of the uploaded one. Absent: the uploaded bytes are stored. */
      rewritten?: string;
      thumbnail?: string;
    }
  | { outcome: 'rejected'; reason: RejectionReason };

/** Inspects files: what they are, whether they are sound, and what others may get. */
export interface MediaInspector {
  /**
   * Bounded in memory and time: files that take too long are rejected.
   *
   * @throws AppError `UNAVAILABLE` when too many files wait.
   */
  inspect(request: InspectionRequest): Promise<Inspection>;
  close(): Promise<void>;
}
