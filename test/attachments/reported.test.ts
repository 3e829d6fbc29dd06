import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepSteps } from '../../backend/src/services/attachments/index.js';
import { EmbeddedStore } from '../../backend/src/storage/embedded/index.js';
import { backendOf } from '../backend/support/backend.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { png } from './support/files.js';
import { load, refusal, sendFiles, upload } from './support/upload.js';

let server: TestServer;
let alice: TestClient;
let bob: TestClient;
let moderator: TestClient;
let conversationId: string;

beforeAll(async () => {
  server = await startServer();
  [alice, bob, moderator] = await Promise.all([
    server.connectAs('alice'),
    server.connectAs('bob'),
    server.connectAs('mod', { token: server.token('mod', { roles: ['moderator'] }) }),
  ]);
  conversationId = await alice.open('bob');
});
afterAll(() => server[Symbol.asyncDispose]());

const rows = () => server.app.models.attachments;

/** Bob sends a picture, Alice reports it. */
async function reported() {
  const { _id: attachmentId } = await upload(server.url, bob, await png());
  const { seq } = await sendFiles(bob, conversationId, attachmentId);
  const { reportId } = await alice.ok('report', { conversationId, seq, reason: 'nudity' });
  return { attachmentId, seq, reportId };
}

const filesOf = async (reportId: string) =>
  (await moderator.ok('getReports', {})).reports.find(({ _id }) => _id === reportId)?.files ?? [];

const erase = ({ seq }: { seq: number }) => bob.ok('deleteMessage', { conversationId, seq, for: 'everyone' });

test('the file of a reported message stays for moderators when it is deleted, and goes with the decision', async () => {
  const about = await reported();
  const { attachmentId, reportId } = about;
  await erase(about);
  await until(async () => (await rows().findById(attachmentId))?.status === 'held');
  for (const client of [alice, bob])
    expect(await refusal(client, 'getAttachment', { attachmentId })).toBe('NOT_FOUND');
  expect(await refusal(bob, 'getUpload', { attachmentId })).toBe('NOT_FOUND');
  expect(await refusal(bob, 'completeAttachment', { attachmentId })).toBe('NOT_FOUND');
  const again = { conversationId, clientMessageId: 'again', attachments: [{ attachmentId }] };
  expect(await refusal(bob, 'sendMessage', again)).toBe('NOT_FOUND');
  expect(await bob.ok('cancelAttachment', { attachmentId })).toEqual({ attachmentId });
  const [file] = await filesOf(reportId);
  expect(file).toMatchObject({ attachmentId, kind: 'image', name: 'picture.png' });
  expect((await load(server.url, file?.url)).status).toBe(200);
  await moderator.ok('resolveReport', { reportId, resolution: 'removed' });
  await until(async () => (await rows().findById(attachmentId)) === undefined, { what: 'the row to go' });
  expect((await load(server.url, file?.url)).status).toBe(404);
});

test('the listing of the server API has the file, too', async () => {
  const { attachmentId, reportId } = await reported();
  const backend = await backendOf(server);
  const { body } = await backend.call<{ reports: { _id: string; files?: object[] }[] }>(
    'GET',
    '/reports?limit=200',
  );
  const reports = body.success ? body.data.reports : [];
  expect(reports.find(({ _id }) => _id === reportId)?.files).toMatchObject([{ attachmentId }]);
});

test('of two reports, the last one decides; a file of a message that stays is not touched', async () => {
  const about = await reported();
  const { attachmentId, reportId, seq } = about;
  // Alice reports it once more, after the first decision.
  await moderator.ok('resolveReport', { reportId, resolution: 'kept' });
  expect((await rows().findById(attachmentId))?.reports).toEqual([]);
  expect(await refusal(alice, 'getAttachment', { attachmentId })).toBe('OK');
  const second = await alice.ok('report', { conversationId, seq, reason: 'nudity' });
  await erase(about);
  await until(async () => (await rows().findById(attachmentId))?.status === 'held');
  await moderator.ok('resolveReport', { reportId: second.reportId, resolution: 'removed' });
  await until(async () => (await rows().findById(attachmentId)) === undefined);
});

test('a file whose message is not reported goes at once', async () => {
  const { _id: attachmentId } = await upload(server.url, bob, await png());
  const { seq } = await sendFiles(bob, conversationId, attachmentId);
  await erase({ seq });
  await until(async () => (await rows().findById(attachmentId)) === undefined);
});

test('the sweep releases what a server that died after a decision has left', async () => {
  const about = await reported();
  const { attachmentId, reportId } = about;
  await erase(about);
  await until(async () => (await rows().findById(attachmentId))?.status === 'held');
  const sweep = async (): Promise<number> => {
    const deps = {
      ...server.app.models,
      store: await EmbeddedStore.open(join(server.dataDir, 'files')),
      now: () => new Date(Date.now() + 2 * 86_400_000),
    };
    let swept = 0;
    for await (const { what, apply } of sweepSteps(deps)) if (what === 'held') swept += await apply();
    return swept;
  };
  expect(await sweep()).toBe(0);
  // Only the decision is stored, as if the server had died then.
  await server.app.models.reports.close(reportId, {
    by: 'mod' as never,
    resolution: 'removed',
    at: new Date(),
  });
  expect(await sweep()).toBe(1);
  expect((await rows().findById(attachmentId))?.status).toBe('deleting');
});
