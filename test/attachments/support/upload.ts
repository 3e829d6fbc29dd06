import type { CommandData, UploadView } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestFile } from './files.js';

type Created = CommandData<'createAttachment'>;

/** Begins an upload. */
export const begin = (client: TestClient, file: TestFile, more: object = {}): Promise<Created> => {
  const { kind, fileName, mimeType, bytes, announced } = file;
  return client.ok('createAttachment', {
    kind,
    fileName,
    mimeType,
    sizeBytes: bytes.length,
    ...announced,
    ...more,
  });
};

/** Sends bytes as a client does, to the store itself. @returns the status of each request. */
export async function sendBytes(
  url: string,
  upload: UploadView | undefined,
  bytes: Buffer<ArrayBuffer>,
): Promise<number[]> {
  if (upload === undefined) throw new Error('there is nothing to upload');
  const put = async (path: string, headers: Record<string, string>, body: Buffer<ArrayBuffer>) =>
    (await fetch(new URL(path, url), { method: 'PUT', headers, body })).status;
  if (upload.parts === undefined) return [await put(upload.url ?? '', upload.headers ?? {}, bytes)];
  return Promise.all(
    upload.parts
      .filter(({ stored }) => !stored)
      .map((part) => put(part.url, part.headers, bytes.subarray(part.offset, part.offset + part.sizeBytes))),
  );
}

/** Begins, sends and completes an upload. @returns the attachment as it was answered. */
export async function upload(
  url: string,
  client: TestClient,
  file: TestFile,
): Promise<CommandData<'completeAttachment'>['attachment']> {
  const created = await begin(client, file);
  await sendBytes(url, created.upload, file.bytes);
  const { attachment } = await client.ok('completeAttachment', { attachmentId: created.attachment._id });
  return attachment;
}

/** Sends a message with uploaded files. */
export const sendFiles = (client: TestClient, conversationId: string, ...attachmentIds: string[]) =>
  client.ok('sendMessage', {
    conversationId,
    clientMessageId: crypto.randomUUID(),
    attachments: attachmentIds.map((attachmentId) => ({ attachmentId })),
  });

/** Returns `OK`, or the code of a refusal. */
export async function refusal(client: TestClient, ...call: Parameters<TestClient['call']>): Promise<string> {
  const answer = await client.call(...call);
  return answer.success ? 'OK' : answer.code;
}

/** Loads what a signed URL names. */
export const load = (url: string, path: string | undefined, init?: RequestInit): Promise<Response> =>
  fetch(new URL(path ?? 'there-is-no-url', url), init);
