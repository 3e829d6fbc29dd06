import type { ReadableStore } from '../observable/readableStore.js';
import type { AttachmentKind, RejectionReason, UploadedAttachment } from '../wire/index.js';

/** Bytes of one request. */
export type UploadBody = Blob | Uint8Array<ArrayBuffer>;

/** Bytes of a file, read piece by piece. A `Blob` is one. */
export interface UploadSource {
  /** Bytes. */
  readonly size: number;
  /** Returns the bytes from `start` to before `end`. */
  slice: (start: number, end: number) => UploadBody | Promise<UploadBody>;
}

/** A file of React Native, as image pickers and recorders return it. */
export interface UriFile {
  /** For example `file:///…`. It is stored, and opened again after a restart of the app. */
  uri: string;
  name?: string | undefined;
  /** Media type. */
  type?: string | undefined;
  /** Bytes. */
  size?: number | undefined;
}

/** A file to upload: `File` and `Blob` in browsers, `UriFile` in React Native, bytes anywhere. */
export type UploadFile = Blob | Uint8Array | UriFile | UploadSource;

export interface UploadOptions {
  /** Where it will be sent: the server refuses early what could not be sent there. */
  conversationId?: string | undefined;
  /** Default: `image` for the types that the server takes as images, else `file`. Voice notes have to be named. */
  kind?: AttachmentKind | undefined;
  /** Default: the file's own. */
  name?: string | undefined;
  mimeType?: string | undefined;
  /** Voice notes: shown when the file itself does not tell. */
  durationMs?: number | undefined;
  /** Voice notes: loudness over time, 0 to 100, at most 64 values. */
  waveform?: number[] | undefined;
}

/**
 * `waiting`: for the connection, for its turn or for the next attempt. `uploading`: bytes are on their way. `checking`: the
 * server looks at them. `ready`: it can be sent. `failed`: `code` says why; `retry` or `cancel` decide.
 */
export type FileUploadStatus = 'waiting' | 'uploading' | 'checking' | 'ready' | 'failed';

/** A file on its way to the server. */
export interface FileUpload {
  id: string;
  conversationId: string | undefined;
  kind: AttachmentKind;
  name: string;
  mimeType: string;
  sizeBytes: number;
  status: FileUploadStatus;
  /** Bytes that have left the device. Never goes back, except after `retry`. */
  sentBytes: number;
  /** 0 to 1. */
  progress: number;
  /** Address of the file on this device: shows a picture, or plays a voice note, at once. */
  previewUrl: string | undefined;
  durationMs: number | undefined;
  waveform: readonly number[] | undefined;
  /** From `ready` on. */
  attachment: UploadedAttachment | undefined;
  /** Reason of `failed`, or of the wait for the next attempt. */
  code: string | undefined;
  /** Set with the code `UPLOAD_REJECTED`. */
  reason: RejectionReason | undefined;
  /** The message that waits for it. */
  clientMessageId: string | undefined;
}

/** Returned by `add` at once. */
export interface UploadHandle {
  id: string;
  /**
   * Resolves with the checked file. Rejects with `ParleyError` when the server refuses it for good or it is cancelled. Need not
   * be awaited.
   */
  ready: Promise<UploadedAttachment>;
  /** Resolves when the upload would survive a kill of the app; rejects with `STORAGE` when it would not. */
  persisted: Promise<void>;
}

/** Files on their way. Needs `uploads: fileUploads()` of `@parley/client/uploads` in the options of the client. */
export interface UploadsApi {
  /** All uploads, oldest first. One is removed when its message is stored or it is cancelled. */
  readonly store: ReadableStore<readonly FileUpload[]>;
  /** Begins an upload; send it with `sendMessage({ uploads: [id] })`, at once or later. */
  add: (file: UploadFile, options?: UploadOptions) => UploadHandle;
  get: (id: string) => FileUpload | undefined;
  /** Uploads for this conversation that no message has yet: what a composer shows. They survive a restart. */
  drafts: (conversationId: string) => ReadableStore<readonly FileUpload[]>;
  /** Uploads a failed file again. */
  retry: (id: string) => void;
  /** Ends an upload and removes it, here and on the server. A message that was to carry nothing else is discarded. */
  cancel: (id: string) => void;
  /** Address on this device of a file that it has uploaded lately: shows an own picture before it is loaded. */
  previewOf: (attachmentId: string | undefined) => string | undefined;
}
