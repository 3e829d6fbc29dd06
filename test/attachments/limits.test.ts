import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { UploadView } from '../../contract/index.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { textFile, type TestFile } from './support/files.js';
import { begin, load, refusal, sendBytes, upload } from './support/upload.js';

test('size, number and bytes of a day, and unfinished uploads are limited, also of several at once', async () => {
  await using server = await startServer({
    env: {
      ATTACHMENT_MAX_BYTES: '100',
      ATTACHMENTS_PER_DAY: '6',
      ATTACHMENT_BYTES_PER_DAY: '150',
      ATTACHMENTS_PENDING: '3',
    },
  });
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const create = async (client: typeof alice, sizeBytes: number) => {
    const answer = await client.call('createAttachment', {
      ...{ kind: 'file', fileName: 'a', mimeType: 'text/plain', sizeBytes },
    });
    return answer.success ? 'OK' : answer.code;
  };
  expect(await create(alice, 101)).toBe('TOO_LARGE');
  expect(await create(alice, 0)).toBe('VALIDATION');
  expect(await create(alice, 90)).toBe('OK');
  expect(await create(alice, 90)).toBe('RATE_LIMITED');
  expect(await create(alice, 60)).toBe('OK');
  expect(await create(alice, 1)).toBe('RATE_LIMITED');
  const atOnce = await Promise.all(Array.from({ length: 8 }, () => create(bob, 1)));
  const counts = (code: string) => atOnce.filter((one) => one === code).length;
  expect(counts('OK')).toBeLessThanOrEqual(3);
  expect(counts('RATE_LIMITED')).toBe(2);
  expect(counts('OK') + counts('LIMIT_EXCEEDED')).toBe(6);
});

test('a virus scanner is asked before a file is ready, and while it does not answer, no file is', async () => {
  const asked: string[] = [];
  let answer: () => [number, string] = () => [200, '{"clean": true}'];
  const scanner = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      asked.push(`${request.headers['content-type'] ?? ''} ${body}`);
      const [status, text] = answer();
      response.writeHead(status).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(scanner, 'listening');
  const { port } = scanner.address() as AddressInfo;
  await using server = await startServer({ env: { SCAN_URL: `http://127.0.0.1:${port}/scan` } });
  const alice = await server.connectAs('alice');
  expect(await upload(server.url, alice, textFile('harmless'))).toMatchObject({ status: 'ready' });
  expect(asked).toEqual(['text/plain harmless']);
  answer = () => [200, '{"clean": false}'];
  const found = await upload(server.url, alice, textFile('evil'));
  expect(found).toMatchObject({ status: 'rejected', reason: 'malware' });
  answer = () => [500, 'broken'];
  const file = textFile('unknown');
  const { attachment, upload: request } = await begin(alice, file);
  await sendBytes(server.url, request, file.bytes);
  const id = { attachmentId: attachment._id };
  expect(await alice.call('completeAttachment', id)).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await alice.call('getAttachment', id)).toMatchObject({ code: 'NOT_FOUND' });
  answer = () => [200, '{"clean": true}'];
  const { attachment: ready } = await alice.ok('completeAttachment', id);
  expect(await (await load(server.url, ready.url)).text()).toBe('unknown');
  scanner.close();
});

test('files that are stored elsewhere are refused where the server does not allow them', async () => {
  await using server = await startServer({ env: { EXTERNAL_ATTACHMENTS: 'false' } });
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  const attachments = [{ kind: 'image', url: 'https://x.example/a.png' }];
  const input = { conversationId, clientMessageId: crypto.randomUUID(), attachments };
  expect(await alice.call('sendMessage', input)).toMatchObject({
    code: 'VALIDATION',
    details: [{ path: 'attachments.0.url', rule: 'must be an uploaded file (attachmentId)' }],
  });
  // Pictures of cards and users are not files of a message.
  const card = { kind: 'product', title: 'A bicycle', pictureUrl: 'https://x.example/a.png' };
  await alice.ok('sendMessage', { conversationId, clientMessageId: crypto.randomUUID(), card });
});

test('a large file is sent in parts, and goes on after a cut', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const bytes = Buffer.alloc(9 * 1024 * 1024, 'x');
  bytes.write('the end', bytes.length - 7);
  const file: TestFile = { ...textFile(), fileName: 'large.bin', bytes };
  const more = { clientAttachmentId: crypto.randomUUID() };
  const { attachment, upload: first } = await begin(alice, file, more);
  const [part1, part2] = first?.parts ?? [];
  expect([part1?.sizeBytes, part2?.offset, first?.parts?.length]).toEqual([8 * 1024 ** 2, 8 * 1024 ** 2, 2]);
  const onlySecond = first && { ...first, parts: part2 === undefined ? [] : [part2] };
  expect(await sendBytes(server.url, onlySecond, bytes)).toEqual([200]);
  const id = { attachmentId: attachment._id };
  expect(await refusal(alice, 'completeAttachment', id)).toBe('CONFLICT');
  const { upload: rest } = await alice.ok('getUpload', id);
  expect(rest?.parts?.map(({ stored }) => stored)).toEqual([false, true]);
  // Begun again, as by an app that was killed before it had the answer.
  expect(await begin(alice, file, more)).toMatchObject({
    created: false,
    attachment: { _id: attachment._id },
  });
  expect(await sendBytes(server.url, rest, bytes)).toEqual([200]);
  const { attachment: ready } = await alice.ok('completeAttachment', id);
  expect(ready).toMatchObject({ status: 'ready', sizeBytes: bytes.length });
  const end = await load(server.url, ready.url, { headers: { range: 'bytes=-7' } });
  expect([end.status, await end.text()]).toEqual([206, 'the end']);
});

/** Begins to send the body of an upload, and sends no more than one byte of it. */
function stall(url: string, { url: path = '', headers = {} }: UploadView): Socket {
  const { hostname, port } = new URL(url);
  const lines = Object.entries({ host: hostname, 'content-length': '9', ...headers });
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(`PUT ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\nA`);
  return socket;
}

test('many slow uploads of one user end each other, and keep nobody else from uploading', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const { upload: slow } = await begin(alice, textFile('123456789'));
  if (slow === undefined) throw new Error('nothing to upload');
  const sockets: Socket[] = [];
  // As many as there are places for all users.
  for (let count = 0; count < 256; count += 1) sockets.push(stall(server.url, slow));
  const alive = () =>
    sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open').length;
  await until(() => alive() === 32, { what: 'the end of all slow uploads but 32' });
  expect(await upload(server.url, bob, textFile('of bob'))).toMatchObject({ status: 'ready' });
  expect(alive()).toBe(32);
  for (const socket of sockets) socket.destroy();
});

test('the URL of an upload that is complete, or was cancelled, stores nothing more', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const file = textFile();
  const done = await begin(alice, file);
  expect(await sendBytes(server.url, done.upload, file.bytes)).toEqual([200]);
  await alice.ok('completeAttachment', { attachmentId: done.attachment._id });
  expect(await sendBytes(server.url, done.upload, file.bytes)).toEqual([412]);
  const cancelled = await begin(alice, file);
  await alice.ok('cancelAttachment', { attachmentId: cancelled.attachment._id });
  expect(await sendBytes(server.url, cancelled.upload, file.bytes)).toEqual([412]);
});
