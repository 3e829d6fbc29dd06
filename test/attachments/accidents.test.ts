/** Accidents of other chat servers with files. What is not here is in `media.test.ts` (bombs, Matroska) and `upload.test.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepSteps } from '../../backend/src/services/attachments/index.js';
import { EmbeddedStore } from '../../backend/src/storage/embedded/index.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { png, textFile, type TestFile } from './support/files.js';
import { begin, load, sendFiles, upload } from './support/upload.js';

const YEAR_MS = 365 * 86_400_000;

let server: TestServer;
let alice: TestClient;
let conversationId: string;

beforeAll(async () => {
  server = await startServer();
  alice = await server.connectAs('alice');
  conversationId = await alice.open('bob');
});
afterAll(() => server[Symbol.asyncDispose]());

const sent = async (file: TestFile) => {
  const { _id } = await upload(server.url, alice, file);
  const { attachments } = await sendFiles(alice, conversationId, _id);
  const [shown] = attachments;
  if (shown === undefined) throw new Error('the message has no file');
  return { ...shown, _id };
};

test('a link without a signature, or with one of another file, opens nothing (Rocket.Chat #8542)', async () => {
  const [one, other] = [await sent(await png()), await sent(await png())];
  const { pathname } = new URL(one.url, server.url);
  const { search } = new URL(other.url, server.url);
  const statuses = await Promise.all(
    [pathname, pathname + search, `/api/attachments/${one._id}`].map(
      async (path) => (await load(server.url, path, { redirect: 'manual' })).status,
    ),
  );
  expect(statuses).toEqual([403, 403, 401]);
});

test('no address of a file holds a token of its reader (Rocket.Chat.ReactNative #3236)', async () => {
  const { attachment, upload: request } = await begin(alice, await png());
  const shown = await sent(await png());
  const token = server.token('alice').split('.')[2] ?? '';
  for (const url of [request?.url, shown.url, shown.thumbnailUrl]) {
    expect(url).toBeDefined();
    expect(url).not.toContain(token);
    expect(url).not.toMatch(/token|authorization/i);
  }
  await alice.ok('cancelAttachment', { attachmentId: attachment._id });
});

test('nothing lets a file that was sent expire: no index, and no sweep after a year (Rocket.Chat #39125)', async () => {
  const { _id, url } = await sent(await png());
  const { attachments } = server.app.models;
  // The server notes behind the answer that the message is stored.
  await until(async () => (await attachments.findById(_id))?.status === 'sent');
  const indexes = await attachments.model.collection.indexes();
  expect(indexes.length).toBeGreaterThan(2);
  for (const index of indexes) expect(index).not.toHaveProperty('expireAfterSeconds');
  const store = await EmbeddedStore.open(`${server.dataDir}/files`);
  const deps = { ...server.app.models, store, now: () => new Date(Date.now() + YEAR_MS) };
  for await (const { apply } of sweepSteps(deps, { all: true })) await apply();
  expect((await load(server.url, url)).status).toBe(200);
});

test.each([
  ['image/svg+xml', 'a.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['text/html', 'a.html', '<script>alert(1)</script>'],
  ['application/xhtml+xml', 'a.xhtml', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
  ['image/png', 'a.png.html', '<script>alert(1)</script>'],
])('a file that says %s is never run by a browser (CVE-2024-53863)', async (mimeType, fileName, text) => {
  const { url } = await sent({ ...textFile(text), fileName, mimeType });
  const { headers } = await load(server.url, url);
  expect(headers.get('content-type')).toBe('application/octet-stream');
  expect(headers.get('content-disposition')).toMatch(/^attachment;/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain('sandbox');
});

test('a file has one thumbnail, whatever sizes are asked for (synapse #11853)', async () => {
  const { _id } = await sent(await png());
  const headers = { authorization: `Bearer ${server.token('alice')}` };
  const ask = async (query: string) => {
    const path = `/api/attachments/${_id}/thumbnail${query}`;
    const answer = await load(server.url, path, { redirect: 'manual', headers });
    return answer.headers.get('location')?.split('?')[0] ?? answer.status;
  };
  const [plain, ...sized] = await Promise.all(['', '?width=1', '?width=99&height=99'].map(ask));
  expect(plain).toMatch(/\/thumb$/);
  for (const one of sized) expect([plain, 400]).toContain(one);
});
