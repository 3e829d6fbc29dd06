import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryStorage } from '../../packages/client/src/index.js';
import { photo, textFile, wav } from '../attachments/support/files.js';
import { load } from '../attachments/support/upload.js';
import type { TestClient } from '../support/client.js';
import { hasS3Server, S3Server } from '../support/s3Server.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { online, textsOf, type TestParleyClient } from './support/clients.js';
import { KillableDisk, stuck, TestNetwork, uploadIn, uploadingClient } from './support/uploads.js';

const PART_BYTES = 8 * 1024 * 1024;

let server: TestServer;
let users = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Scene {
  aliceId: string;
  bob: TestClient;
  conversationId: string;
}

async function newScene(from: TestServer = server): Promise<Scene> {
  users += 1;
  const bob = await from.connectAs(`bob-${users}`);
  return { aliceId: `alice-${users}`, bob, conversationId: await bob.open(`alice-${users}`) };
}

async function started(
  { aliceId }: Scene,
  options: Parameters<typeof uploadingClient>[2] = {},
): Promise<TestParleyClient> {
  const client = uploadingClient(server, aliceId, options);
  await client.connect();
  await online(client);
  return client;
}

const blobOf = async () => {
  const { bytes, mimeType, fileName } = await photo();
  return new File([bytes], fileName, { type: mimeType });
};

/** Messages of a conversation as the server has them, newest last. */
const storedMessages = async ({ bob, conversationId }: Scene) =>
  (await bob.ok('getMessages', { conversationId, limit: 200 })).messages.flatMap((entry) =>
    entry.kind === 'hidden' || entry.kind === 'system' ? [] : [entry],
  );

describe('a photo', () => {
  test('is shown at once, goes to the store, and arrives with the message that waits for it', async () => {
    const scene = await newScene();
    await using alice = await started(scene, { storage: memoryStorage() });
    const { conversationId, bob } = scene;
    const file = await blobOf();
    const { id, ready, persisted } = alice.uploads.add(file, { conversationId });
    const shown = alice.uploads.get(id);
    expect(shown).toMatchObject({
      kind: 'image',
      name: 'photo.jpg',
      status: 'waiting',
      sizeBytes: file.size,
    });
    expect(await (await fetch(shown?.previewUrl ?? '')).arrayBuffer()).toEqual(await file.arrayBuffer());
    expect(alice.uploads.drafts(conversationId).getSnapshot()).toHaveLength(1);
    await persisted;
    const { stored } = alice.conversation(conversationId).sendMessage({ text: 'look', uploads: [id] });
    await until(() => alice.uploads.drafts(conversationId).getSnapshot().length === 0);
    const [pending] = alice.outbox.getPending(conversationId);
    expect(pending).toMatchObject({ content: 'look', uploads: [id] });
    const message = await stored;
    const { attachmentId = '', width } = message.attachments[0] ?? {};
    expect({ attachmentId, width }).toEqual({ attachmentId: (await ready)._id, width: 60 });
    const received = await bob.next('message:new', ({ seq }) => seq === message.seq);
    expect((await load(server.url, received.attachments?.[0]?.url)).status).toBe(200);
    await until(() => alice.uploads.store.getSnapshot().length === 0);
    // An own picture stays what it was, until the app draws it anew.
    expect(alice.uploads.previewOf(attachmentId)).toBe(shown?.previewUrl);
  });

  test('may be several, and keeps their order whichever is ready first', async () => {
    const scene = await newScene();
    const network = new TestNetwork();
    const held = new Promise<undefined>((resolve) => {
      network.before = async (number) => (number === 1 ? held : (resolve(undefined), undefined));
    });
    await using alice = await started(scene, { network });
    const file = await blobOf();
    const ids = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => alice.uploads.add(file, { name }).id);
    const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: ids });
    expect((await stored).attachments.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
  });
});

test('a voice note keeps what its recorder knows', async () => {
  const scene = await newScene();
  await using alice = await started(scene);
  const { bytes } = wav();
  const sound = {
    kind: 'voice',
    mimeType: 'audio/wav; codecs=1',
    durationMs: 900,
    waveform: [1, 50],
  } as const;
  const { id } = alice.uploads.add(bytes, { ...sound, waveform: [...sound.waveform] });
  expect(alice.uploads.get(id)).toMatchObject({ kind: 'voice', durationMs: 900, mimeType: 'audio/wav' });
  const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: [id] });
  expect((await stored).attachments[0]).toMatchObject({
    kind: 'voice',
    durationMs: 1_000,
    soundFrom: 'file',
  });
});

test('a text overtakes a message that waits for its upload', async () => {
  const scene = await newScene();
  const network = new TestNetwork();
  let release: () => void = () => undefined;
  const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  network.before = () => held;
  await using alice = await started(scene, { network });
  const { conversationId } = scene;
  const chat = alice.conversation(conversationId);
  await chat.open();
  const { id } = alice.uploads.add(await blobOf(), { conversationId });
  const picture = chat.sendMessage({ text: 'picture', uploads: [id] });
  await chat.sendMessage({ text: 'first' }).stored;
  await chat.sendMessage({ text: 'second' }).stored;
  expect(textsOf(alice, conversationId)).toEqual(['first', 'second', 'picture']);
  release();
  await picture.stored;
  expect((await storedMessages(scene)).map(({ content }) => content)).toEqual(['first', 'second', 'picture']);
});

test('progress never goes back, over cuts and repetitions', async () => {
  const scene = await newScene();
  const network = new TestNetwork();
  // The second part fails twice.
  let failures = 0;
  network.before = async (number) => {
    if (number === 2 || number === 3) throw new Error(`cut ${(failures += 1)}`);
    return Promise.resolve(undefined);
  };
  await using alice = await started(scene, { network });
  const file = new Blob([new Uint8Array(PART_BYTES + 99)], { type: 'application/octet-stream' });
  const seen: number[] = [];
  alice.uploads.store.subscribe(() =>
    seen.push(...alice.uploads.store.getSnapshot().map((one) => one.sentBytes)),
  );
  const { ready } = alice.uploads.add(file, { name: 'large.bin' });
  await ready;
  await until(() => seen.at(-1) === file.size);
  expect(failures).toBeGreaterThan(0);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

describe('what is refused', () => {
  test('a rejected file fails its message with the reason, and the user removes it or tries again', async () => {
    const scene = await newScene();
    await using alice = await started(scene);
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
    const scene = await newScene();
    const network = new TestNetwork();
    network.before = () => Promise.resolve(400);
    await using alice = await started(scene, { network });
    const { id, ready } = alice.uploads.add(textFile().bytes, { name: 'notes.txt', mimeType: 'text/plain' });
    await expect(ready).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    network.before = () => Promise.resolve(undefined);
    alice.uploads.retry(id);
    await uploadIn(alice, id, 'ready');
  });

  test('a file that is too large fails at once, without a byte', async () => {
    const scene = await newScene();
    const network = new TestNetwork();
    await using alice = await started(scene, { network });
    const file = { size: 51 * 1024 * 1024, slice: () => new Uint8Array(0) };
    await expect(alice.uploads.add(file).ready).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(network.requests).toEqual([]);
  });
});

test('expired upload URLs are asked for anew', async () => {
  const scene = await newScene();
  const network = new TestNetwork();
  network.before = (number) => Promise.resolve(number <= 2 ? 403 : undefined);
  await using alice = await started(scene, { network });
  await alice.uploads.add(await blobOf()).ready;
  expect(network.requests).toHaveLength(3);
});

describe('cancelling', () => {
  test('ends the transfer, removes the file on the server, and leaves nothing on the device', async () => {
    const scene = await newScene();
    const network = new TestNetwork();
    network.before = (_number, signal) => stuck(signal);
    const disk = new KillableDisk();
    await using alice = await started(scene, { network, storage: disk.reboot() });
    const { id, ready, persisted } = alice.uploads.add(await blobOf());
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
    const scene = await newScene();
    const network = new TestNetwork();
    network.before = (number, signal) => (number === 1 ? stuck(signal) : Promise.resolve(undefined));
    await using alice = await started(scene, { network });
    const chat = alice.conversation(scene.conversationId);
    const [stays, goes] = [alice.uploads.add(await blobOf()), alice.uploads.add(await blobOf())].reverse();
    const { stored } = chat.sendMessage({ uploads: [goes?.id ?? '', stays?.id ?? ''] });
    await until(() => network.requests.length === 2);
    alice.uploads.cancel(goes?.id ?? '');
    expect((await stored).attachments).toHaveLength(1);
    network.before = (_number, signal) => stuck(signal);
    const { id } = alice.uploads.add(await blobOf());
    const alone = chat.sendMessage({ uploads: [id] });
    alice.uploads.cancel(id);
    await expect(alone.stored).rejects.toMatchObject({ code: 'DISCARDED' });
    expect(alice.outbox.getPending()).toEqual([]);
  });

  test('works offline: the server learns it later', async () => {
    const scene = await newScene();
    const disk = new KillableDisk();
    await using alice = await started(scene, { storage: disk.reboot() });
    const { id, ready } = alice.uploads.add(await blobOf());
    const { _id: attachmentId } = await ready;
    await alice.disconnect();
    alice.uploads.cancel(id);
    expect(alice.uploads.store.getSnapshot()).toEqual([]);
    await alice.connect();
    await until(async () => (await disk.dump(scene.aliceId)).uploads.length === 0);
    await expect(alice.command('getUpload', { attachmentId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a file of a phone is opened by its address again after a restart', async () => {
  const scene = await newScene();
  const { bytes, mimeType, fileName } = await photo();
  // The device's file, behind an address that `fetch` reads.
  const uri = `data:${mimeType};base64,${bytes.toString('base64')}`;
  const disk = new KillableDisk();
  const network = new TestNetwork();
  network.before = (_number, signal) => stuck(signal);
  const first = await started(scene, { network, storage: disk.reboot() });
  const { id, persisted } = first.uploads.add({ uri, name: fileName, type: mimeType });
  expect(first.uploads.get(id)?.previewUrl).toBe(uri);
  await persisted;
  const chat = first.conversation(scene.conversationId);
  await chat.sendMessage({ text: 'phone', uploads: [id] }).persisted;
  await until(() => network.requests.length > 0);
  disk.kill();
  void first.dispose();
  await using again = await started(scene, { storage: disk.reboot() });
  expect(again.uploads.get(id)).toMatchObject({ previewUrl: uri, name: fileName });
  const sent = await until(async () => (await storedMessages(scene))[0]);
  expect(sent).toMatchObject({ content: 'phone', attachments: [{ width: 60 }] });
});

test('a file whose bytes are gone fails, and says so', async () => {
  const scene = await newScene();
  await using alice = await started(scene);
  const broken = { uri: 'data:broken', name: 'a.jpg', type: 'image/jpeg', size: 10 };
  await expect(alice.uploads.add(broken).ready).rejects.toMatchObject({ code: 'FILE_GONE' });
});

test('a ready file that the server has removed meanwhile is uploaded again before its message goes', async () => {
  const scene = await newScene();
  await using alice = await started(scene);
  const { id, ready } = alice.uploads.add(await blobOf());
  const { _id: attachmentId } = await ready;
  await alice.command('cancelAttachment', { attachmentId });
  const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: [id] });
  const [sent] = (await stored).attachments;
  expect(sent?.attachmentId).not.toBe(attachmentId);
});

test('without a network, a message with a file waits on the device, and goes when the network is back', async () => {
  const scene = await newScene();
  const disk = new KillableDisk();
  await using alice = uploadingClient(server, scene.aliceId, { storage: disk.reboot() });
  const { id, persisted } = alice.uploads.add(await blobOf());
  const { stored, persisted: queued } = alice
    .conversation(scene.conversationId)
    .sendMessage({ text: 'later', uploads: [id] });
  expect(alice.uploads.get(id)?.status).toBe('waiting');
  await alice.connect();
  await Promise.all([persisted, queued]);
  expect((await stored).attachments).toHaveLength(1);
  await until(async () => (await disk.dump(scene.aliceId)).uploads.length === 0);
});

test('a logout ends transfers and removes the bytes; a disposal ends transfers and keeps them', async () => {
  const scene = await newScene();
  const network = new TestNetwork();
  let aborted = 0;
  network.before = (_number, signal) => {
    signal.addEventListener('abort', () => (aborted += 1));
    return stuck(signal);
  };
  const disk = new KillableDisk();
  const first = await started(scene, { network, storage: disk.reboot() });
  const { id, persisted } = first.uploads.add(await blobOf());
  await persisted;
  await until(() => network.requests.length === 1);
  await first.dispose();
  expect(aborted).toBe(1);
  expect(await disk.hasFile(scene.aliceId, id)).toBe(true);
  await using second = await started(scene, { network, storage: disk.reboot() });
  await until(() => network.requests.length === 2);
  await second.logout();
  expect(aborted).toBe(2);
  expect(second.uploads.store.getSnapshot()).toEqual([]);
  expect(await disk.hasFile(scene.aliceId, id)).toBe(false);
  expect(await disk.dump(scene.aliceId)).toEqual({ uploads: [], outbox: 0 });
});

describe('a kill of the app', () => {
  /** Sends a message with a file until the app is killed, then starts it again. @returns whether it had to arrive */
  async function killed(scene: Scene, disk: KillableDisk, network: TestNetwork): Promise<boolean> {
    const client = uploadingClient(server, scene.aliceId, { network, storage: disk.reboot() });
    disk.onKilled = () => void client.dispose();
    await client.connect();
    const upload = client.uploads.add(await blobOf(), { conversationId: scene.conversationId });
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

  async function expectOnce(scene: Scene, disk: KillableDisk, isDurable: boolean): Promise<void> {
    disk.killAt = () => false;
    await using again = await started(scene, { storage: disk.reboot() });
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
    let wasDurable = 0;
    for (let write = 1; ; write += 1) {
      const scene = await newScene();
      const disk = new KillableDisk();
      disk.killAt = (number) => number === write;
      const isDurable = await killed(scene, disk, new TestNetwork());
      if (!disk.isKilled) break;
      wasDurable += Number(isDurable);
      await expectOnce(scene, disk, isDurable);
    }
    expect(wasDurable).toBeGreaterThan(2);
  });

  test.each(['before', 'after'] as const)('%s the bytes have arrived', async (moment) => {
    const scene = await newScene();
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

test('a file that no message has yet is a draft again after a restart', async () => {
  const scene = await newScene();
  const disk = new KillableDisk();
  const { conversationId } = scene;
  const first = await started(scene, { storage: disk.reboot() });
  const { id, ready } = first.uploads.add(await blobOf(), { conversationId });
  await ready;
  await first.dispose();
  await using again = await started(scene, { storage: disk.reboot() });
  expect(again.uploads.drafts(conversationId).getSnapshot()).toMatchObject([{ id, name: 'photo.jpg' }]);
  const { stored } = again.conversation(conversationId).sendMessage({ uploads: [id] });
  expect((await stored).attachments).toHaveLength(1);
});

describe('without the option', () => {
  test('a client has no uploads, and says how to get them', async () => {
    const scene = await newScene();
    await using alice = uploadingClient(server, scene.aliceId, { uploads: undefined });
    expect(() => alice.uploads).toThrow('fileUploads()');
    expect(() => alice.attachments).toThrow('fileUploads()');
  });
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
    const { id } = alice.uploads.add(await blobOf());
    const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: [id] });
    const [shown] = (await stored).attachments;
    expect(shown?.url?.startsWith(s3.endpoint)).toBe(true);
    expect((await load(other.url, shown?.url)).status).toBe(200);
  });
});

test('URLs that have expired are asked for once, for all who show the file', async () => {
  const scene = await newScene();
  await using alice = await started(scene);
  const { id } = alice.uploads.add(await blobOf());
  const message = await alice.conversation(scene.conversationId).sendMessage({ uploads: [id] }).stored;
  const [shown] = message.attachments;
  if (shown === undefined) throw new Error('the message has no attachment');
  expect(await alice.attachments.refresh(shown)).toBe(shown);
  const expired = { ...shown, urlExpiresAt: new Date(0).toISOString() };
  const [one, two] = await Promise.all([
    alice.attachments.refresh(expired),
    alice.attachments.refresh(expired),
  ]);
  expect(one).toBe(two);
  expect((await load(server.url, one.url)).status).toBe(200);
  expect(await alice.attachments.refresh(expired)).toBe(one);
});
