import { attachmentId, type AttachmentId } from '../../../contract/index.js';

/** Port of the object store: where the bytes of files are. `storage/` holds its adapters. */

/** How a stored file is answered to a browser. */
export interface FileHeaders {
  /** Media type of the answer. */
  mimeType: string;
  /** Value of `Content-Disposition`. */
  disposition: string;
}

/** A request that a client sends to the store itself. */
export interface SignedRequest {
  /** Absolute, or a path on this server. */
  url: string;
  /** Headers that are part of the signature, besides `content-length`. */
  headers: Record<string, string>;
}

export interface SignedUrl {
  url: string;
  expiresAt: Date;
}

/** Object that a client is about to upload. Size and type are part of the signature. */
export interface ExpectedObject {
  key: string;
  mimeType: string;
  sizeBytes: number;
}

export interface UploadedPart {
  partNumber: number;
  sizeBytes: number;
  etag: string;
}

export interface ObjectFacts {
  sizeBytes: number;
  /** Identifies the content, so that a later read can require the same one. */
  etag: string;
}

export interface ListedObject {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** An upload in parts that was never completed. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  startedAt: Date;
}

/**
 * Stores objects by key. Keys are made by the server, and no key is a prefix of another one followed by `/`.
 *
 * Every method may be repeated. All but the signing ones throw `StoreUnavailable` when the store cannot be reached, is full,
 * or refuses its credentials. What a resolved `write`, `copy` or `joinParts` has stored survives a crash.
 */
export interface ObjectStore {
  /** Checks that it can be used. @throws Error with a sentence for the operator that names the variable. */
  check(): Promise<void>;

  /** Signs the upload of a whole object. The store refuses it when the key is taken (412). */
  signUpload(expected: ExpectedObject, expiresAt: Date): SignedRequest;
  /** Signs the upload of one part. A repeated part replaces the earlier one. */
  signPart(
    expected: Pick<ExpectedObject, 'key' | 'sizeBytes'>,
    part: { uploadId: string; partNumber: number },
    expiresAt: Date,
  ): SignedRequest;
  /** Signs a download. Takes microseconds and no request: messages are signed whenever they are read. */
  signDownload(key: string, headers: FileHeaders): SignedUrl;

  /** Opens an upload in parts. */
  startParts(expected: ExpectedObject): Promise<string>;
  /** Returns the parts that have arrived, by number; undefined when there is no such upload. */
  listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined>;
  /** Makes an object of all parts. */
  joinParts(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Drops the parts of an upload; does nothing when there is none. */
  dropParts(key: string, uploadId: string): Promise<void>;

  /** Returns undefined when there is no such object. */
  find(key: string): Promise<ObjectFacts | undefined>;
  /**
   * Writes an object to a local file, or its first `maxBytes`.
   *
   * @param etag content that it must still have. @throws ObjectChanged when it has another one, or is gone.
   */
  read(key: string, file: string, options: { etag: string; maxBytes: number }): Promise<void>;
  /** Stores a local file under a key; replaces what was there. */
  write(key: string, file: string, headers: FileHeaders): Promise<void>;
  /** Copies an object within the store. @throws ObjectChanged as `read`. */
  copy(from: { key: string; etag: string }, to: string, headers: FileHeaders): Promise<void>;
  /** Removes objects; those that do not exist are ignored. */
  remove(keys: readonly string[]): Promise<void>;

  /** Lists objects whose key begins with `prefix`, in pages, in the order of their keys. */
  list(prefix: string, after?: string): Promise<{ objects: ListedObject[]; next?: string }>;
  /** Lists uploads in parts that were not completed. */
  listOpenUploads(prefix: string): Promise<OpenUpload[]>;

  close(): Promise<void>;
}

/** The store cannot be used now. Its cause is logged; clients are told to try again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The object is gone, or has other content than before. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
}

/** Where an upload arrives. Only this prefix is ever written by clients. */
export const UPLOADS = 'up/';
/** Where checked files are. No URL that a client gets can write there. */
export const FILES = 'att/';
export const uploadKey = (id: string): string => `${UPLOADS}${id}`;
export const fileKey = (id: string): string => `${FILES}${id}/original`;
export const thumbnailKey = (id: string): string => `${FILES}${id}/thumb`;
/** Id of the attachment that a key belongs to; undefined for a key that this server did not make. */
export const idOfKey = (key: string): AttachmentId | undefined => {
  const found = /^(?:up\/([0-9a-f]{24})$|att\/([0-9a-f]{24})\/)/.exec(key)?.slice(1).find(Boolean);
  return found === undefined ? undefined : attachmentId.parse(found);
};
