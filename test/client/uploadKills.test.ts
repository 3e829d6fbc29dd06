import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photo } from '../attachments/support/files.js';
import { load } from '../attachments/support/upload.js';
import { hasS3Server, S3Server } from '../support/s3Server.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  KillableDisk,
  newScene,
  photoBlob,
  startedClient,
  storedMessages,
  stuck,
  TestNetwork,
  uploadingClient,
  type UploadScene,
} from './support/uploads.js';

const PART_BYTES = 8 * 1024 * 1024;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a kill of the app', () => {
  /** Sends a message with a file until the app is killed, then starts it again. @returns whether it had to arrive */
  async function killed(scene: UploadScene, disk: KillableDisk, network: TestNetwork): Promise<boolean> {
    const client = uploadingClient(server, scene.aliceId, { network, storage: disk.reboot() });
    disk.onKilled = () => void client.dispose();
    await client.connect();
    const upload = client.uploads.add(await photoBlob(), { conversationId: scene.conversationId });
    const chat = client.conversation(scene.conversationId);
    const message = chat.sendMessage({ text: 'once', uploads: [upload.id] });
    let isDurable = false;
    void Promise.all([upload.persisted, message.persisted]).then(
      () => (isDurable = true),
      () => undefined,
    );
    let isStored = false;
    void message.stored.then(
      () => (isStored = true),
      () => undefined,
    );
    await until(
      async () => disk.isKilled || (isStored && (await disk.dump(scene.aliceId)).uploads.length === 0),
    );
    await client.dispose();
    return isDurable;
  }

  async function expectOnce(scene: UploadScene, disk: KillableDisk, isDurable: boolean): Promise<void> {
    disk.killAt = () => false;
    await using again = await startedClient(server, scene, { storage: disk.reboot() });
    const chat = again.conversation(scene.conversationId);
    await chat.open();
    await until(() => again.outbox.getPending().every(({ status }) => status === 'failed'));
    const sent = await storedMessages(scene);
    if (isDurable) expect(sent).toMatchObject([{ content: 'once', attachments: [{ width: 60 }] }]);
    else expect(sent.length).toBeLessThanOrEqual(1);
    await until(async () => {
      const { uploads, outbox } = await disk.dump(scene.aliceId);
      return uploads.length === 0 || outbox > 0 || !isDurable;
    });
  }

  test('at any write to the device loses nothing that was stored there, and sends nothing twice', async () => {
    const run = async (write: number) => {
      const scene = await newScene(server);
      const disk = new KillableDisk();
      disk.killAt = (number) => number === write;
      const isDurable = await killed(scene, disk, new TestNetwork());
      if (disk.isKilled) await expectOnce(scene, disk, isDurable);
      return { writes: disk.writes, isDurable };
    };
    const { writes } = await run(Infinity);
    const runs = await Promise.all(Array.from({ length: writes }, (_, index) => run(index + 1)));
    const wasDurable = runs.filter(({ isDurable }) => isDurable).length;
    expect(wasDurable).toBeGreaterThan(2);
  });

  test.each(['before', 'after'] as const)('%s the bytes have arrived', async (moment) => {
    const scene = await newScene(server);
    const disk = new KillableDisk();
    const network = new TestNetwork();
    network[moment] = async () => {
      // Long enough for the app to know that its message is on the device.
      await until(async () => (await disk.dump(scene.aliceId)).outbox === 1);
      await new Promise((resolve) => setImmediate(resolve));
      disk.kill();
      return new Promise(() => undefined);
    };
    expect(await killed(scene, disk, network)).toBe(true);
    await expectOnce(scene, disk, true);
  });
});

test('a file of a phone is opened by its address again after a restart', async () => {
  const scene = await newScene(server);
  const { bytes, mimeType, fileName } = await photo();
  // The device's file, behind an address that `fetch` reads.
  const uri = `data:${mimeType};base64,${bytes.toString('base64')}`;
  const disk = new KillableDisk();
  const network = new TestNetwork();
  network.before = (_number, signal) => stuck(signal);
  const first = await startedClient(server, scene, { network, storage: disk.reboot() });
  const { id, persisted } = first.uploads.add({ uri, name: fileName, type: mimeType });
  expect(first.uploads.get(id)?.previewUrl).toBe(uri);
  await persisted;
  const chat = first.conversation(scene.conversationId);
  await chat.sendMessage({ text: 'phone', uploads: [id] }).persisted;
  await until(() => network.requests.length > 0);
  disk.kill();
  void first.dispose();
  await using again = await startedClient(server, scene, { storage: disk.reboot() });
  expect(again.uploads.get(id)).toMatchObject({ previewUrl: uri, name: fileName });
  const sent = await until(async () => (await storedMessages(scene))[0]);
  expect(sent).toMatchObject({ content: 'phone', attachments: [{ width: 60 }] });
});

test('a file that no message has yet is a draft again after a restart', async () => {
  const scene = await newScene(server);
  const disk = new KillableDisk();
  const { conversationId } = scene;
  const first = await startedClient(server, scene, { storage: disk.reboot() });
  const { id, ready } = first.uploads.add(await photoBlob(), { conversationId });
  await ready;
  await first.dispose();
  await using again = await startedClient(server, scene, { storage: disk.reboot() });
  expect(again.uploads.drafts(conversationId).getSnapshot()).toMatchObject([{ id, name: 'photo.jpg' }]);
  const { stored } = again.conversation(conversationId).sendMessage({ uploads: [id] });
  expect((await stored).attachments).toHaveLength(1);
});

/** A large file goes on, after a kill, with the parts that are missing. */
async function resumesParts(from: TestServer): Promise<void> {
  const scene = await newScene(from);
  const disk = new KillableDisk();
  const network = new TestNetwork();
  const bytes = new Uint8Array(2 * PART_BYTES + 77).map((_value, index) => index % 251);
  const file = new File([bytes], 'large.bin');
  network.before = (number, signal) => (number > 2 ? stuck(signal) : Promise.resolve(undefined));
  const first = uploadingClient(from, scene.aliceId, { network, storage: disk.reboot() });
  await first.connect();
  const { id, persisted } = first.uploads.add(file);
  await Promise.all([
    persisted,
    first.conversation(scene.conversationId).sendMessage({ uploads: [id] }).persisted,
  ]);
  await until(() => (first.uploads.get(id)?.sentBytes ?? 0) >= 2 * PART_BYTES);
  disk.kill();
  void first.dispose();
  const second = new TestNetwork();
  await using again = uploadingClient(from, scene.aliceId, { network: second, storage: disk.reboot() });
  await again.connect();
  const sent = await until(async () => (await storedMessages(scene))[0]);
  expect(second.requests).toHaveLength(1);
  const arrived = await load(from.url, sent.attachments[0]?.url);
  expect(Buffer.from(await arrived.arrayBuffer()).equals(bytes)).toBe(true);
}

test('a large file goes on with the missing parts after a kill', () => resumesParts(server));

describe.runIf(hasS3Server)('with an S3-compatible store', () => {
  test('a large file goes on with the missing parts, and photos and notes arrive', async () => {
    await using s3 = await S3Server.start();
    await using other = await startServer({ env: s3.env });
    await resumesParts(other);
    const scene = await newScene(other);
    await using alice = uploadingClient(other, scene.aliceId);
    await alice.connect();
    const { id } = alice.uploads.add(await photoBlob());
    const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: [id] });
    const [shown] = (await stored).attachments;
    expect(shown?.url.startsWith(s3.endpoint)).toBe(true);
    expect((await load(other.url, shown?.url)).status).toBe(200);
  });
});

test('a logout ends transfers and removes the bytes; a disposal ends transfers and keeps them', async () => {
  const scene = await newScene(server);
  const network = new TestNetwork();
  let aborted = 0;
  network.before = (_number, signal) => {
    signal.addEventListener('abort', () => (aborted += 1));
    return stuck(signal);
  };
  const disk = new KillableDisk();
  const first = await startedClient(server, scene, { network, storage: disk.reboot() });
  const { id, persisted } = first.uploads.add(await photoBlob());
  await persisted;
  await until(() => network.requests.length === 1);
  await first.dispose();
  expect(aborted).toBe(1);
  expect(await disk.hasFile(scene.aliceId, id)).toBe(true);
  await using second = await startedClient(server, scene, { network, storage: disk.reboot() });
  await until(() => network.requests.length === 2);
  await second.logout();
  expect(aborted).toBe(2);
  expect(second.uploads.store.getSnapshot()).toEqual([]);
  expect(await disk.hasFile(scene.aliceId, id)).toBe(false);
  expect(await disk.dump(scene.aliceId)).toEqual({ uploads: [], outbox: 0 });
});
