import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test, vi } from 'vitest';
import { EmbeddedStore } from '../../backend/src/storage/embedded/index.js';
import { startServer } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { textFile } from './support/files.js';
import { load, sendFiles, upload } from './support/upload.js';

test('a folder of data that is named from where the server starts holds files that are served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-relative-'));
  try {
    await using own = await ServerProcess.start({ env: { DATA_DIR: relative(process.cwd(), folder) } });
    const [ann, ben] = [await own.connectAs('ann'), await own.connectAs('ben')];
    const file = textFile();
    const { _id } = await upload(own.url, ann, file);
    const { attachments } = await sendFiles(ann, await ann.open('ben'), _id);
    const answer = await load(own.url, attachments[0]?.url);
    expect([answer.status, await answer.text()]).toEqual([200, file.bytes.toString()]);
    for (const client of [ann, ben]) client.close();
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
});

test('a file that cannot be served answers with a failure that no browser keeps', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const { _id } = await upload(server.url, alice, textFile());
  const { attachments } = await sendFiles(alice, await alice.open('bob'), _id);
  const answer = await load(server.url, attachments[0]?.url, { headers: { range: 'bytes=99999999-' } });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(answer.headers.get('content-disposition')).toBeNull();
  expect(await answer.json()).toMatchObject({
    ...{ success: false, code: 'VALIDATION', error: 'The range is outside of the file.' },
  });
});

test('a file that is removed after it was found is missing', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const { _id } = await upload(server.url, alice, textFile());
  const { attachments } = await sendFiles(alice, await alice.open('bob'), _id);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- Called with its `this` below.
  const { serve } = EmbeddedStore.prototype;
  using _removing = vi.spyOn(EmbeddedStore.prototype, 'serve').mockImplementation(async function (
    this: EmbeddedStore,
    ...request
  ) {
    const found = await serve.apply(this, request);
    if (typeof found === 'object') await rm(found.file);
    return found;
  });
  const answer = await load(server.url, attachments[0]?.url);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ success: false, code: 'NOT_FOUND' });
});
