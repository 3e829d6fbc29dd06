import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createModels } from '../../backend/src/models/index.js';
import { newAttachmentId } from '../../backend/src/models/attachmentModel.js';
import { sweepSteps, type Swept } from '../../backend/src/services/attachments/index.js';
import { fileKey, thumbnailKey, uploadKey } from '../../backend/src/services/objectStore.js';
import { EmbeddedStore } from '../../backend/src/storage/embedded/index.js';
import { S3Store } from '../../backend/src/storage/s3/index.js';
import type { UserId } from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { createDataWorld } from '../support/dataScript.js';
import { hasS3Server, S3_KEYS, S3Server } from '../support/s3Server.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { png, textFile } from './support/files.js';
import { begin, load, sendBytes, sendFiles, upload } from './support/upload.js';

const DAY_MS = 86_400_000;

describe.skipIf(!hasS3Server)('with an S3-compatible store', () => {
  let s3: S3Server;
  let server: TestServer;
  let store: S3Store;
  let alice: TestClient;
  let chat: string;

  beforeAll(async () => {
    s3 = await S3Server.start();
    server = await startServer({ env: s3.env });
    store = new S3Store({
      ...{
        endpoint: s3.endpoint,
        region: 'us-east-1',
        bucket: s3.bucket,
        forcePathStyle: true,
        cdn: undefined,
      },
      ...S3_KEYS,
    });
    alice = await server.connectAs('alice');
    chat = await alice.open('bob');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await store.close();
    await s3[Symbol.asyncDispose]();
  });

  const rows = () => server.app.models.attachments;
  const exists = async (key: string) => (await store.find(key)) !== undefined;
  /** Sweeps as if `ageMs` had passed. @returns how much of each kind was removed. */
  async function sweep(ageMs: number, options = {}): Promise<Partial<Record<Swept, number>>> {
    const deps = { ...server.app.models, store, now: () => new Date(Date.now() + ageMs) };
    const swept: Partial<Record<Swept, number>> = {};
    for await (const { what, apply } of sweepSteps(deps, options)) {
      swept[what] = (swept[what] ?? 0) + (await apply());
    }
    return swept;
  }

  test('a photo goes to the store and comes from it, and this server has nothing to do with its bytes', async () => {
    const file = await png();
    const { attachment, upload: request } = await begin(alice, file);
    expect(new URL(request?.url ?? '').origin).toBe(s3.endpoint);
    expect(await sendBytes(server.url, request, file.bytes)).toEqual([200]);
    const id = { attachmentId: attachment._id };
    expect(await alice.ok('completeAttachment', id)).toMatchObject({ attachment: { status: 'ready' } });
    const { attachments } = await sendFiles(alice, chat, attachment._id);
    const answer = await load(server.url, attachments[0]?.url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(answer.headers.get('content-disposition')).toBe('inline; filename=picture.png');
    expect((await fetch(`${s3.endpoint}/${s3.bucket}/${fileKey(attachment._id)}`)).status).toBe(403);
    expect(await exists(uploadKey(attachment._id))).toBe(false);
  });

  test('a large file goes there in parts', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024 + 5, 'y');
    const ready = await upload(server.url, alice, { ...textFile(), bytes });
    expect(ready).toMatchObject({ status: 'ready', sizeBytes: bytes.length });
    await alice.ok('cancelAttachment', { attachmentId: ready._id });
  });

  test('the sweep removes what nobody needs after a day, and nothing else', async () => {
    const unfinished = await begin(alice, textFile());
    const late = await begin(alice, textFile());
    await sendBytes(server.url, late.upload, textFile().bytes);
    const unsent = await upload(server.url, alice, textFile());
    const sent = await upload(server.url, alice, await png());
    const { attachments } = await sendFiles(alice, chat, sent._id);
    const rejected = await upload(server.url, alice, { ...(await png()), mimeType: 'image/gif' });
    const parts = await begin(alice, { ...textFile(), bytes: Buffer.alloc(9 * 1024 * 1024) });
    // As after the death of the server that stored the message: it could not note that.
    await until(async () => (await rows().findById(sent._id))?.status === 'sent');
    await rows().model.updateOne({ _id: sent._id }, { status: 'ready' });
    // An upload that arrives after its row is gone.
    const gone = newAttachmentId();
    const signed = store.signUpload(
      { key: uploadKey(gone), mimeType: 'text/plain', sizeBytes: 2 },
      new Date(Date.now() + 60_000),
    );
    await sendBytes(server.url, { method: 'PUT', expiresAt: '', ...signed }, Buffer.from('xy'));

    expect(await sweep(DAY_MS - 60_000)).toEqual({});
    expect(await sweep(DAY_MS + 60_000)).toMatchObject({ pending: 3, unsent: 1, rejected: 1, objects: 1 });
    expect(rejected).toMatchObject({ status: 'rejected', reason: 'type' });
    expect(await sweep(DAY_MS + 60_000)).toEqual({});
    expect((await load(server.url, attachments[0]?.url)).status).toBe(200);
    // As a day later, when the server looks at the list of files to delete.
    await rows().model.updateMany({ status: 'deleting' }, { changedAt: new Date(0) });
    const cancelled = await begin(alice, textFile());
    await alice.ok('cancelAttachment', { attachmentId: cancelled.attachment._id });
    await until(async () => (await rows().countDeleting(9)) === 0);
    expect((await load(server.url, attachments[0]?.url)).status).toBe(200);
    for (const { _id } of [unfinished.attachment, late.attachment, unsent, parts.attachment]) {
      expect(await rows().findById(_id)).toBeUndefined();
      expect([await exists(uploadKey(_id)), await exists(fileKey(_id))]).toEqual([false, false]);
    }
    expect(await store.listOpenUploads('up/')).toEqual([]);
    expect(await exists(uploadKey(gone))).toBe(false);
  });

  test('the sweep of everything finds checked files without a row', async () => {
    const ready = await upload(server.url, alice, await png());
    await rows().model.deleteOne({ _id: ready._id });
    expect(await sweep(DAY_MS + 60_000)).toEqual({});
    expect(await sweep(DAY_MS + 60_000, { all: true })).toMatchObject({ objects: 2 });
    expect([await exists(fileKey(ready._id)), await exists(thumbnailKey(ready._id))]).toEqual([false, false]);
  });

  test('while the store is down, chat goes on, uploads are answered UNAVAILABLE, and nothing is lost', async () => {
    const file = textFile('kept');
    const waiting = await begin(alice, file);
    await sendBytes(server.url, waiting.upload, file.bytes);
    const sent = await upload(server.url, alice, await png());
    const { seq, attachments } = await sendFiles(alice, chat, sent._id);
    const ready = await upload(server.url, alice, textFile());
    await s3.stop();
    const id = { attachmentId: waiting.attachment._id };
    expect(await alice.call('completeAttachment', id)).toMatchObject({ code: 'UNAVAILABLE' });
    const large = { ...textFile(), bytes: Buffer.alloc(9 * 1024 * 1024) };
    const { kind, fileName, mimeType, bytes } = large;
    const begun = { kind, fileName, mimeType, sizeBytes: bytes.length };
    expect(await alice.call('createAttachment', begun)).toMatchObject({ code: 'UNAVAILABLE' });
    expect((await alice.send(chat, 'still here')).success).toBe(true);
    // A file that is ready needs no store to be sent, and a message with one none to be deleted.
    expect((await sendFiles(alice, chat, ready._id)).attachments).toHaveLength(1);
    await alice.ok('deleteMessage', { conversationId: chat, seq, for: 'everyone' });
    // Its file cannot be deleted now: that is put off by a minute.
    const dueMs = async () => (await rows().model.findById(sent._id).lean())?.changedAt.getTime() ?? 0;
    await until(async () => (await dueMs()) > Date.now() + 30_000, { what: 'a deletion that is put off' });
    expect(await server.metric('parley_object_store_failures_total')).toBeGreaterThan(2);
    await s3.resume();
    expect(await alice.ok('completeAttachment', id)).toMatchObject({ attachment: { status: 'ready' } });
    expect((await rows().findById(sent._id))?.status).toBe('deleting');
    expect((await load(server.url, attachments[0]?.url)).status).toBe(200);
    // As a minute later.
    await rows().model.updateOne({ _id: sent._id }, { changedAt: new Date(0) });
    await alice.ok('cancelAttachment', id);
    await until(async () => (await load(server.url, attachments[0]?.url)).status === 404);
    await until(async () => (await rows().findById(sent._id)) === undefined);
  });

  test('of two processes one checks a file, and another takes over from one that died', async () => {
    await using second = await startServer({ databaseName: server.databaseName, env: s3.env });
    const [here, there] = [await server.connectAs('ann'), await second.connectAs('ann')];
    const file = await png();
    const { attachment, upload: request } = await begin(here, file);
    await sendBytes(server.url, request, file.bytes);
    const id = { attachmentId: attachment._id };
    // As by a process that died in the middle of its check.
    const { attachments } = server.app.models;
    const now = new Date();
    const claim = { token: 'dead', until: new Date(now.getTime() - 1), now };
    expect((await attachments.claim(attachment._id, claim))?.status).toBe('processing');
    const name = 'parley_attachments_total';
    const checks = async () => (await server.metric(name)) + (await second.metric(name));
    const before = await checks();
    const answers = await Promise.all([here, there].map((one) => one.ok('completeAttachment', id)));
    expect(answers.map((one) => one.attachment.status)).toEqual(['ready', 'ready']);
    expect(await checks()).toBe(before + 1);
    // A late write of the dead one is refused.
    const late = await attachments.settle(attachment._id, 'dead', {
      status: 'rejected',
      reason: 'type',
      now,
    });
    expect(late).toBeUndefined();
  });
});

test('npm run data -- sweep-attachments lists with --dry-run, removes, and finds nothing the second time', async () => {
  await using world = await createDataWorld();
  const store = await EmbeddedStore.open(join(world.dataDir, 'files'));
  const { attachments } = createModels(world.connection);
  await attachments.model.createCollection();
  await attachments.model.createIndexes();
  const old = new Date(Date.now() - 2 * DAY_MS);
  const announced = { name: 'a', mimeType: 'text/plain', sizeBytes: 5 };
  const common = { uploaderId: 'alice' as UserId, kind: 'file' as const, announced };
  const [pending, recent, gone] = [newAttachmentId(), newAttachmentId(), newAttachmentId()];
  await attachments.insert({ ...common, _id: pending, status: 'pending', createdAt: old });
  await attachments.insert({ ...common, _id: recent, status: 'pending', createdAt: new Date() });
  const file = join(world.dataDir, 'five');
  await writeFile(file, '12345');
  const headers = { mimeType: 'text/plain', disposition: 'attachment' };
  for (const key of [uploadKey(pending), uploadKey(recent), fileKey(gone)])
    await store.write(key, file, headers);
  for (const key of [uploadKey(pending), fileKey(gone)]) {
    await utimes(join(world.dataDir, 'files/objects', key), old, old);
  }
  const sweep = (options: object) => world.runHere('sweep-attachments', { olderThanHours: '24', ...options });
  const listed = await sweep({ all: true, dryRun: true });
  expect(listed).toMatchObject({ code: 1, report: { counts: { pending: 1, objects: 1 } } });
  expect(await store.find(uploadKey(pending))).toBeDefined();
  const swept = await sweep({ all: true });
  expect(swept).toMatchObject({ code: 0, report: { counts: { pending: 1, deleted: 1, objects: 1 } } });
  for (const key of [uploadKey(pending), fileKey(gone)]) expect(await store.find(key)).toBeUndefined();
  expect(await attachments.findById(pending)).toBeUndefined();
  expect(await store.find(uploadKey(recent))).toBeDefined();
  expect((await sweep({ all: true })).report.counts).toEqual({});
});
