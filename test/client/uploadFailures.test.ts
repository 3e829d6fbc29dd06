import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textFile } from '../attachments/support/files.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { connectedClient } from './support/clients.js';
import {
  KillableDisk,
  newScene,
  photoBlob,
  startedClient,
  storedMessages,
  stuck,
  TestNetwork,
  uploadIn,
  uploadingClient,
} from './support/uploads.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('what is refused', () => {
  test('a rejected file fails its message with the reason, and the user removes it or tries again', async () => {
    const scene = await newScene(server);
    await using alice = await startedClient(server, scene);
    const { conversationId } = scene;
    const chat = alice.conversation(conversationId);
    await chat.open();
    const file = new File(['no picture'], 'fake.png', { type: 'image/png' });
    const { id } = alice.uploads.add(file, { conversationId });
    const { stored, clientMessageId } = chat.sendMessage({ uploads: [id] });
    await expect(stored).rejects.toMatchObject({ code: 'UPLOAD_REJECTED' });
    expect(alice.uploads.get(id)).toMatchObject({
      status: 'failed',
      code: 'UPLOAD_REJECTED',
      reason: 'type',
    });
    const first = alice.outbox.getPending(conversationId)[0];
    expect(first).toMatchObject({ status: 'failed', code: 'UPLOAD_REJECTED' });
    // The text behind it does not wait.
    await chat.sendMessage({ text: 'text' }).stored;
    alice.outbox.retry(clientMessageId);
    await until(() => alice.outbox.getPending(conversationId)[0]?.status === 'pending');
    await until(() => alice.outbox.getPending(conversationId)[0]?.status === 'failed');
    alice.outbox.discard(clientMessageId);
    await until(() => alice.uploads.store.getSnapshot().length === 0);
    expect((await storedMessages(scene)).map(({ content }) => content)).toEqual(['text']);
  });

  test('a store that refuses again and again fails the file, and `retry` begins anew', async () => {
    const scene = await newScene(server);
    const network = new TestNetwork();
    network.before = () => Promise.resolve(400);
    await using alice = await startedClient(server, scene, { network });
    const { id, ready } = alice.uploads.add(textFile().bytes, { name: 'notes.txt', mimeType: 'text/plain' });
    await expect(ready).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    network.before = () => Promise.resolve(undefined);
    alice.uploads.retry(id);
    await uploadIn(alice, id, 'ready');
  });

  test('a message with more files than the server takes goes out once one of them is removed', async () => {
    const scene = await newScene(server);
    await using alice = await startedClient(server, scene);
    const { conversationId } = scene;
    const chat = alice.conversation(conversationId);
    await chat.open();
    const add = (index: number) =>
      alice.uploads.add(textFile().bytes, { conversationId, name: `${index}.txt`, mimeType: 'text/plain' });
    const uploads = Array.from({ length: 11 }, (_, index) => add(index).id);
    const { stored, clientMessageId } = chat.sendMessage({ text: 'many', uploads });
    await expect(stored).rejects.toMatchObject({ code: 'VALIDATION' });
    alice.uploads.cancel(uploads[4] ?? '');
    await until(() => alice.outbox.getPending(conversationId)[0]?.uploads?.length === 10);
    expect(alice.outbox.getPending(conversationId)[0]).toMatchObject({ status: 'failed' });
    alice.outbox.retry(clientMessageId);
    await until(async () => (await storedMessages(scene)).length === 1);
    const names = (await storedMessages(scene))[0]?.attachments.map(({ name }) => name) ?? [];
    expect(names).toHaveLength(10);
    expect(names).not.toContain('4.txt');
  });

  test('a file that is too large fails at once, without a byte', async () => {
    const scene = await newScene(server);
    const network = new TestNetwork();
    await using alice = await startedClient(server, scene, { network });
    const file = { size: 51 * 1024 * 1024, slice: () => new Uint8Array(0) };
    await expect(alice.uploads.add(file).ready).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(network.requests).toEqual([]);
  });
});

test('expired upload URLs are asked for anew', async () => {
  const scene = await newScene(server);
  const network = new TestNetwork();
  network.before = (number) => Promise.resolve(number <= 2 ? 403 : undefined);
  await using alice = await startedClient(server, scene, { network });
  await alice.uploads.add(await photoBlob()).ready;
  expect(network.requests).toHaveLength(3);
});

describe('cancelling', () => {
  test('ends the transfer, removes the file on the server, and leaves nothing on the device', async () => {
    const scene = await newScene(server);
    const network = new TestNetwork();
    network.before = (_number, signal) => stuck(signal);
    const disk = new KillableDisk();
    await using alice = await startedClient(server, scene, { network, storage: disk.reboot() });
    const { id, ready, persisted } = alice.uploads.add(await photoBlob());
    await persisted;
    await until(() => network.requests.length === 1);
    const row = await until(() => alice.uploads.get(id));
    expect(row.status).toBe('uploading');
    alice.uploads.cancel(id);
    await expect(ready).rejects.toMatchObject({ code: 'DISCARDED' });
    expect(alice.uploads.store.getSnapshot()).toEqual([]);
    await until(async () => (await disk.dump(scene.aliceId)).uploads.length === 0);
    expect(await disk.hasFile(scene.aliceId, id)).toBe(false);
  });

  test('takes a file from the message that waits for it; the last one takes the message with it', async () => {
    const scene = await newScene(server);
    const network = new TestNetwork();
    network.before = (number, signal) => (number === 1 ? stuck(signal) : Promise.resolve(undefined));
    await using alice = await startedClient(server, scene, { network });
    const chat = alice.conversation(scene.conversationId);
    const goes = alice.uploads.add(await photoBlob());
    await until(() => network.requests.length === 1);
    const stays = alice.uploads.add(await photoBlob());
    const { stored } = chat.sendMessage({ uploads: [goes.id, stays.id] });
    await until(() => network.requests.length === 2);
    alice.uploads.cancel(goes.id);
    expect((await stored).attachments).toHaveLength(1);
    network.before = (_number, signal) => stuck(signal);
    const { id } = alice.uploads.add(await photoBlob());
    const alone = chat.sendMessage({ uploads: [id] });
    alice.uploads.cancel(id);
    await expect(alone.stored).rejects.toMatchObject({ code: 'DISCARDED' });
    expect(alice.outbox.getPending()).toEqual([]);
  });

  test('works offline: the server learns it later', async () => {
    const scene = await newScene(server);
    const disk = new KillableDisk();
    await using alice = await startedClient(server, scene, { storage: disk.reboot() });
    const { id, ready } = alice.uploads.add(await photoBlob());
    const { _id: attachmentId } = await ready;
    await alice.disconnect();
    alice.uploads.cancel(id);
    expect(alice.uploads.store.getSnapshot()).toEqual([]);
    await alice.connect();
    await until(async () => (await disk.dump(scene.aliceId)).uploads.length === 0);
    await expect(alice.command('getUpload', { attachmentId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a file whose bytes are gone fails, and says so', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
  const broken = { uri: 'data:broken', name: 'a.jpg', type: 'image/jpeg', size: 10 };
  await expect(alice.uploads.add(broken).ready).rejects.toMatchObject({ code: 'FILE_GONE' });
});

test('an unknown upload fails its message, and the text behind it goes', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
  const chat = alice.conversation(scene.conversationId);
  const { stored } = chat.sendMessage({ uploads: ['nope'] });
  await expect(stored).rejects.toMatchObject({ code: 'FILE_GONE' });
  expect(alice.outbox.getPending()[0]).toMatchObject({ status: 'failed', code: 'FILE_GONE' });
  await chat.sendMessage({ text: 'text' }).stored;
});

test('a client without uploads fails a message with one, instead of waiting for ever', async () => {
  const scene = await newScene(server);
  await using alice = await connectedClient(server, scene.aliceId);
  const chat = alice.conversation(scene.conversationId);
  const { stored, clientMessageId } = chat.sendMessage({ uploads: ['nope'], text: 'caption' });
  await expect(stored).rejects.toMatchObject({ code: 'FILE_GONE' });
  expect(alice.outbox.getPending()[0]).toMatchObject({ status: 'failed', code: 'FILE_GONE' });
  alice.outbox.discard(clientMessageId);
  await chat.sendMessage({ text: 'text' }).stored;
  expect((await storedMessages(scene)).map(({ content }) => content)).toEqual(['text']);
});

test('a ready file that the server has removed meanwhile is uploaded again before its message goes', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
  const { id, ready } = alice.uploads.add(await photoBlob());
  const { _id: attachmentId } = await ready;
  await alice.command('cancelAttachment', { attachmentId });
  const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: [id] });
  const [sent] = (await stored).attachments;
  expect(sent?.attachmentId).not.toBe(attachmentId);
});

test('without a network, a message with a file waits on the device, and goes when the network is back', async () => {
  const scene = await newScene(server);
  const disk = new KillableDisk();
  await using alice = uploadingClient(server, scene.aliceId, { storage: disk.reboot() });
  const { id, persisted } = alice.uploads.add(await photoBlob());
  const { stored, persisted: queued } = alice
    .conversation(scene.conversationId)
    .sendMessage({ text: 'later', uploads: [id] });
  expect(alice.uploads.get(id)?.status).toBe('waiting');
  await alice.connect();
  await Promise.all([persisted, queued]);
  expect((await stored).attachments).toHaveLength(1);
  await until(async () => (await disk.dump(scene.aliceId)).uploads.length === 0);
});
