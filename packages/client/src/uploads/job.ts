import type { UploadBody, UploadSource } from '../api/uploads.js';
import type { Ask } from '../connection/link.js';
import { ParleyError, retryRuleOf } from '../errors/parleyError.js';
import type { RejectionReason, Upload, UploadedAttachment, UploadPart } from '../wire/index.js';
import type { UploadRow } from './row.js';
import type { Transfer } from './transfer.js';

export interface Job {
  /** Address of the server. */
  url: string;
  ask: Ask;
  transfer: Transfer;
  newId: () => string;
  signal: AbortSignal;
  row: () => UploadRow;
  /** Stores a change of the row. */
  save: (change: Partial<UploadRow>) => Promise<void>;
  /** Opens the bytes; undefined when they are not on this device any more. */
  open: () => Promise<UploadSource | undefined>;
  onPhase: (phase: 'uploading' | 'checking') => void;
  onProgress: (sentBytes: number) => void;
}

/** The upload can be tried again. */
export class UploadInterrupted extends Error {
  constructor(
    readonly code: string,
    readonly more: { retryAfterMs?: number | undefined; isRefusal?: boolean } = {},
  ) {
    super(`The upload was interrupted: ${code}.`);
  }
}

/** The upload will not succeed as it is. */
export class UploadFailed extends Error {
  constructor(
    readonly error: ParleyError,
    readonly reason?: RejectionReason,
  ) {
    super(error.message);
  }
}

/** Parts of one file that are sent at a time. */
const PARTS_AT_ONCE = 2;
/** Time before `completeAttachment` is asked again about a file that is being checked, in ms. */
const ASK_AGAIN_MS = 500;
/** The bytes have arrived before. */
const ARRIVED = 412;

/**
 * Brings a file to the server, from wherever an earlier attempt has ended: creates the upload or asks for its state, sends the
 * bytes that have not arrived, and waits for the check. Every step may be repeated.
 *
 * @throws UploadInterrupted, UploadFailed; anything else when the signal has aborted it or the network has failed
 */
export async function uploadOnce(job: Job): Promise<UploadedAttachment> {
  let { attachment, upload } = await begin(job);
  for (;;) {
    requireRunning(job.signal);
    if (attachment.status === 'ready' || attachment.status === 'sent') return attachment;
    if (attachment.status === 'rejected') {
      throw new UploadFailed(new ParleyError('UPLOAD_REJECTED', 'The file was refused.'), attachment.reason);
    }
    if (attachment.status === 'pending') {
      if (upload === undefined) throw new UploadInterrupted('CONFLICT');
      await send(job, upload);
    }
    job.onPhase('checking');
    attachment = await complete(job);
    upload = undefined;
    if (attachment.status === 'processing') await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** React Native's signals have no `throwIfAborted`. */
export function requireRunning({ aborted }: AbortSignal): void {
  if (aborted) throw new Error('The upload was ended.');
}

/** @throws UploadInterrupted, UploadFailed */
async function request<Name extends 'createAttachment' | 'getUpload' | 'completeAttachment'>(
  { ask }: Job,
  ...[name, payload]: Parameters<typeof ask<Name>>
) {
  const answer = await ask(name, payload);
  if (answer.success) return answer.data;
  const { code, error, retryAfterMs } = answer;
  if (retryRuleOf(code) === 'never') throw new UploadFailed(new ParleyError(code, error, answer));
  throw new UploadInterrupted(code, { retryAfterMs });
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof UploadFailed && error.error.code === code;

async function begin(job: Job): Promise<{ attachment: UploadedAttachment; upload?: Upload | undefined }> {
  const { attachmentId } = job.row();
  if (attachmentId === undefined) return create(job);
  try {
    return await request(job, 'getUpload', { attachmentId });
  } catch (error) {
    if (!isCode(error, 'NOT_FOUND')) throw error;
    // The server removes what was not sent within a day.
    const fresh = { attachmentId: undefined, clientAttachmentId: job.newId(), attachment: undefined };
    await job.save({ ...fresh, status: 'open' });
    return create(job);
  }
}

async function create(job: Job): Promise<{ attachment: UploadedAttachment; upload?: Upload | undefined }> {
  if (job.row().sizeBytes === 0) await job.save({ sizeBytes: (await requireSource(job)).size });
  const { kind, name, mimeType, sizeBytes, conversationId, clientAttachmentId, durationMs, waveform } =
    job.row();
  const created = await request(job, 'createAttachment', {
    kind,
    fileName: name,
    mimeType,
    sizeBytes,
    clientAttachmentId,
    ...(conversationId !== undefined && { conversationId }),
    ...(durationMs !== undefined && { durationMs }),
    ...(waveform !== undefined && { waveform }),
  });
  // Before anything else: one that was cancelled meanwhile has to be removed there.
  await job.save({ attachmentId: created.attachment._id });
  return created;
}

async function complete(job: Job): Promise<UploadedAttachment> {
  const { attachmentId = '' } = job.row();
  try {
    return (await request(job, 'completeAttachment', { attachmentId })).attachment;
  } catch (error) {
    // Bytes are missing, or the upload has ended: the next attempt asks for its state.
    if (isCode(error, 'CONFLICT') || isCode(error, 'NOT_FOUND')) throw new UploadInterrupted('CONFLICT');
    throw error;
  }
}

/** @throws UploadFailed */
async function requireSource({ open, row }: Job): Promise<UploadSource> {
  const source = await open();
  const { sizeBytes } = row();
  if (source === undefined || (sizeBytes !== 0 && source.size !== sizeBytes))
    throw new UploadFailed(new ParleyError('FILE_GONE', 'The file is not on this device any more.'));
  return source;
}

async function send(job: Job, { url, headers = {}, parts }: Upload): Promise<void> {
  const source = await requireSource(job);
  job.onPhase('uploading');
  if (parts !== undefined) await sendParts(job, source, parts);
  else if (url !== undefined) {
    const body = await source.slice(0, source.size);
    const { signal, onProgress } = job;
    await put(job, { url, headers, body, sizeBytes: source.size, signal, onProgress });
  }
  job.onProgress(source.size);
}

/** Sends the parts that have not arrived. The first failure ends the others. */
async function sendParts(job: Job, source: UploadSource, parts: readonly UploadPart[]): Promise<void> {
  const missing = parts.filter(({ stored }) => !stored);
  const sent = new Map(
    parts.map(({ partNumber, stored, sizeBytes }) => [partNumber, stored ? sizeBytes : 0]),
  );
  const note = (partNumber: number, sentBytes: number): void => {
    sent.set(partNumber, sentBytes);
    job.onProgress([...sent.values()].reduce((sum, one) => sum + one, 0));
  };
  const ended = new AbortController();
  const end = (): void => ended.abort();
  job.signal.addEventListener('abort', end);
  const work = async (): Promise<void> => {
    for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
      const { url, headers, offset, sizeBytes, partNumber } = part;
      requireRunning(ended.signal);
      const body = await source.slice(offset, offset + sizeBytes);
      const onProgress = (sentBytes: number): void => note(partNumber, sentBytes);
      await put(job, { url, headers, body, sizeBytes, signal: ended.signal, onProgress });
      note(partNumber, sizeBytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
  } finally {
    end();
    job.signal.removeEventListener('abort', end);
  }
}

type Put = Parameters<Transfer>[0] & { body: UploadBody };

/** @throws UploadInterrupted for every answer but success; expired URLs are asked for anew by the next attempt */
async function put({ url: serverUrl, transfer, signal }: Job, { url, ...rest }: Put): Promise<void> {
  const status = await transfer({ ...rest, url: new URL(url, serverUrl).href });
  requireRunning(signal);
  if ((status >= 200 && status < 300) || status === ARRIVED) return;
  throw new UploadInterrupted(`HTTP_${status}`, { isRefusal: status >= 400 && status < 500 });
}
