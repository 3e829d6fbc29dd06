import type { UploadFile, UploadOptions } from '../api/uploads.js';
import type { AttachmentKind, RejectionReason, UploadedAttachment } from '../wire/index.js';
import { parseStored, type UserStorage } from '../storage/userStorage.js';
import { baseType, describe, isUriFile, sizeOf } from './source.js';

/**
 * An upload as it is stored on the device, and as tabs tell each other. `open`: to be uploaded. `cancelled`: to be removed on
 * the server; it is shown no more. The bytes are stored beside it under its id, where the storage can (`StorageArea.files`).
 */
export interface UploadRow {
  id: string;
  /** Idempotency key of the server's upload. A new one after a rejection. */
  clientAttachmentId: string;
  /** Order of adding: time on the device's clock in ms, and for one time the order of ids. */
  addedAt: number;
  conversationId?: string | undefined;
  kind: AttachmentKind;
  name: string;
  mimeType: string;
  sizeBytes: number;
  uri?: string | undefined;
  durationMs?: number | undefined;
  waveform?: number[] | undefined;
  status: 'open' | 'ready' | 'failed' | 'cancelled';
  attachmentId?: string | undefined;
  attachment?: UploadedAttachment | undefined;
  code?: string | undefined;
  reason?: RejectionReason | undefined;
  clientMessageId?: string | undefined;
}

export const uriOf = ({ uri }: UploadRow): UploadFile | undefined =>
  uri === undefined ? undefined : { uri };

const DEFAULT_NAMES = { image: 'photo', voice: 'voice note', file: 'file' };

/** Returns the row of a new upload. */
export function createRow(
  file: UploadFile,
  { conversationId, durationMs, waveform, ...options }: UploadOptions,
  { newId, addedAt }: { newId: () => string; addedAt: number },
): UploadRow {
  const own = describe(file);
  const kind = options.kind ?? (own.isImage ? 'image' : 'file');
  return {
    id: newId(),
    clientAttachmentId: newId(),
    addedAt,
    kind,
    name: shorten(options.name ?? own.name ?? '') || DEFAULT_NAMES[kind],
    mimeType: options.mimeType === undefined ? own.mimeType : baseType(options.mimeType),
    sizeBytes: sizeOf(file),
    ...(conversationId !== undefined && { conversationId }),
    ...(isUriFile(file) && { uri: file.uri }),
    ...(durationMs !== undefined && { durationMs }),
    ...(waveform !== undefined && { waveform }),
    status: 'open',
  };
}

/** Code points of a file name that the server takes. */
const MAX_NAME_CHARS = 200;

/** Cuts a long name in front of its extension. */
function shorten(name: string): string {
  const chars = Array.from(name.trim());
  if (chars.length <= MAX_NAME_CHARS) return chars.join('');
  const extension = /\.[^.]{1,16}$/u.exec(name)?.[0] ?? '';
  return chars.slice(0, MAX_NAME_CHARS - Array.from(extension).length).join('') + extension;
}

const isRow = (value: unknown): value is UploadRow =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'clientAttachmentId' in value &&
  typeof value.clientAttachmentId === 'string' &&
  'sizeBytes' in value &&
  typeof value.sizeBytes === 'number';

export async function readRows(storage: UserStorage | undefined): Promise<UploadRow[]> {
  const stored = (await storage?.readAll('uploads')) ?? [];
  return stored.map(({ value }) => parseStored(value)).filter(isRow);
}

/** @returns whether the row survives a kill of the process */
export const writeRow = async (storage: UserStorage | undefined, row: UploadRow): Promise<boolean> =>
  (await storage?.write([{ collection: 'uploads', key: row.id, value: JSON.stringify(row) }])) ?? false;

export async function removeRow(storage: UserStorage | undefined, id: string): Promise<void> {
  // The bytes first: whatever is stored has a row that finds it.
  await storage?.removeFiles([id]);
  await storage?.write([{ collection: 'uploads', key: id, value: undefined }]);
}
