import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryStorage } from '../../packages/client/src/index.js';
import { wav } from '../attachments/support/files.js';
import { load } from '../attachments/support/upload.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { textsOf } from './support/clients.js';
import {
  newScene,
  photoBlob,
  startedClient,
  storedMessages,
  TestNetwork,
  uploadingClient,
} from './support/uploads.js';

const PART_BYTES = 8 * 1024 * 1024;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a photo', () => {
  test('is shown at once, goes to the store, and arrives with the message that waits for it', async () => {
    const scene = await newScene(server);
    await using alice = await startedClient(server, scene, { storage: memoryStorage() });
    const { conversationId, bob } = scene;
    const file = await photoBlob();
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
    const scene = await newScene(server);
    const network = new TestNetwork();
    const held = new Promise<undefined>((resolve) => {
      network.before = async (number) => (number === 1 ? held : (resolve(undefined), undefined));
    });
    await using alice = await startedClient(server, scene, { network });
    const file = await photoBlob();
    const ids = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => alice.uploads.add(file, { name }).id);
    const { stored } = alice.conversation(scene.conversationId).sendMessage({ uploads: ids });
    expect((await stored).attachments.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
  });
});

test('a name that is too long is cut in front of its extension, and a type that is none is not announced', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
  const file = {
    size: 3,
    slice: () => new Uint8Array([1, 2, 3]),
    name: `${'x'.repeat(300)}.txt`,
    type: 'a b',
  };
  const { id, ready } = alice.uploads.add(file);
  expect(alice.uploads.get(id)).toMatchObject({ mimeType: 'application/octet-stream', kind: 'file' });
  expect((await ready).name).toBe(`${'x'.repeat(196)}.txt`);
});

test('a voice note keeps what its recorder knows', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
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
  const scene = await newScene(server);
  const network = new TestNetwork();
  let release: () => void = () => undefined;
  const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  network.before = () => held;
  await using alice = await startedClient(server, scene, { network });
  const { conversationId } = scene;
  const chat = alice.conversation(conversationId);
  await chat.open();
  const { id } = alice.uploads.add(await photoBlob(), { conversationId });
  const picture = chat.sendMessage({ text: 'picture', uploads: [id] });
  await chat.sendMessage({ text: 'first' }).stored;
  await chat.sendMessage({ text: 'second' }).stored;
  expect(textsOf(alice, conversationId)).toEqual(['first', 'second', 'picture']);
  release();
  await picture.stored;
  expect((await storedMessages(scene)).map(({ content }) => content)).toEqual(['first', 'second', 'picture']);
});

test('progress never goes back, over cuts and repetitions', async () => {
  const scene = await newScene(server);
  const network = new TestNetwork();
  // The second part fails twice.
  let failures = 0;
  network.before = async (number) => {
    if (number === 2 || number === 3) throw new Error(`cut ${(failures += 1)}`);
    return Promise.resolve(undefined);
  };
  await using alice = await startedClient(server, scene, { network });
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

describe('without the option', () => {
  test('a client has no uploads, and says how to get them', async () => {
    const scene = await newScene(server);
    await using alice = uploadingClient(server, scene.aliceId, { uploads: undefined });
    expect(() => alice.uploads).toThrow('fileUploads()');
    expect(() => alice.attachments).toThrow('fileUploads()');
  });
});

test('URLs that have expired are asked for once, for all who show the file', async () => {
  const scene = await newScene(server);
  await using alice = await startedClient(server, scene);
  const { id } = alice.uploads.add(await photoBlob());
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
