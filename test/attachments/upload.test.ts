import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { countCommands } from '../contract/support/databaseCommands.js';
import { HEIC_PHOTO, photo, png, textFile, wav, type TestFile } from './support/files.js';
import { begin, load, refusal, sendBytes, sendFiles, upload } from './support/upload.js';

let server: TestServer;
let alice: TestClient;
let bob: TestClient;
let eve: TestClient;
/** Conversation of Alice and Bob. */
let chat: string;

beforeAll(async () => {
  server = await startServer();
  [alice, bob, eve] = await Promise.all([
    server.connectAs('alice'),
    server.connectAs('bob'),
    server.connectAs('eve'),
  ]);
  chat = await alice.open('bob');
});
afterAll(() => server[Symbol.asyncDispose]());

const sendInput = (attachmentId: string) => ({
  conversationId: chat,
  clientMessageId: crypto.randomUUID(),
  attachments: [{ attachmentId }],
});

describe('a photo', () => {
  test('goes to the store, is checked, and reaches the other member with a preview and without its place', async () => {
    const file = await photo();
    const { attachment, upload: request, created } = await begin(alice, file, { conversationId: chat });
    expect({ created, status: attachment.status }).toEqual({ created: true, status: 'pending' });
    expect(request?.url).not.toContain(server.token('alice'));
    expect(await sendBytes(server.url, request, file.bytes)).toEqual([200]);
    const { attachment: ready } = await alice.ok('completeAttachment', { attachmentId: attachment._id });
    expect(ready).toMatchObject({ status: 'ready', name: 'photo.jpg', width: 60, height: 80 });
    const sent = await sendFiles(alice, chat, attachment._id);
    expect(sent).toMatchObject({ kind: 'image', attachments: [{ attachmentId: attachment._id }] });
    const received = await bob.next('message:new', ({ seq }) => seq === sent.seq);
    const [shown] = received.attachments ?? [];
    expect(shown).toMatchObject({ mimeType: 'image/jpeg', width: 60, height: 80 });
    expect(Buffer.from(shown?.thumbhash ?? '', 'base64').length).toBeGreaterThan(10);
    const [original, thumbnail] = await Promise.all([
      load(server.url, shown?.url),
      load(server.url, shown?.thumbnailUrl),
    ]);
    expect(original.headers.get('content-disposition')).toBe('inline; filename=photo.jpg');
    expect(original.headers.get('x-content-type-options')).toBe('nosniff');
    const bytes = Buffer.from(await original.arrayBuffer());
    expect(bytes.length).toBe(shown?.sizeBytes);
    const facts = await sharp(bytes).metadata();
    expect(facts).toMatchObject({ format: 'jpeg', width: 60, height: 80 });
    expect([facts.exif, facts.orientation]).toEqual([undefined, undefined]);
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
  });

  test('of an iPhone becomes a JPEG without its place', async () => {
    const file: TestFile = {
      kind: 'image',
      fileName: 'IMG_1.HEIC',
      mimeType: 'image/heic',
      bytes: HEIC_PHOTO,
    };
    const ready = await upload(server.url, alice, file);
    expect(ready).toMatchObject({ status: 'ready', mimeType: 'image/jpeg', name: 'IMG_1.jpg', width: 64 });
    const bytes = Buffer.from(await (await load(server.url, ready.url)).arrayBuffer());
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
  });

  test('that is sent as a file loses its place, too, and a film is marked', async () => {
    const asFile = await upload(server.url, alice, { ...(await photo()), kind: 'file' });
    const bytes = Buffer.from(await (await load(server.url, asFile.url)).arrayBuffer());
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
    expect(asFile.mayHoldMetadata).toBeUndefined();
    const film = Buffer.concat([
      Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'),
      Buffer.alloc(99),
    ]);
    const file: TestFile = { kind: 'file', fileName: 'a.mp4', mimeType: 'video/mp4', bytes: film };
    expect(await upload(server.url, alice, file)).toMatchObject({ status: 'ready', mayHoldMetadata: true });
  });
});

test('a voice note has its duration and a waveform of 64 values from the file', async () => {
  const ready = await upload(server.url, alice, {
    ...wav(),
    announced: { durationMs: 5, waveform: [1] },
  });
  expect(ready).toMatchObject({ status: 'ready', durationMs: 1_000, soundFrom: 'file' });
  expect(ready.waveform).toHaveLength(64);
  expect(ready.waveform?.at(-1)).toBeGreaterThan((ready.waveform?.[5] ?? 0) * 3);
  const { attachments, kind } = await sendFiles(alice, chat, ready._id);
  expect({ kind, ...attachments[0] }).toMatchObject({ kind: 'voice', durationMs: 1_000 });
});

test('a file is only ever downloaded, whatever it is called', async () => {
  const page: TestFile = {
    ...textFile('<script>alert(1)</script>'),
    fileName: 'a/b\\c‮.html',
    mimeType: 'text/html',
  };
  const ready = await upload(server.url, alice, page);
  expect(ready).toMatchObject({ status: 'ready', name: 'c.html' });
  const answer = await load(server.url, ready.url);
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename=c.html');
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  expect(await answer.text()).toBe('<script>alert(1)</script>');
});

describe('over HTTP', () => {
  test('a repeated request answers 200 with the same upload, another file under its id 409', async () => {
    const api = server.api('alice');
    const body = {
      ...{ kind: 'file', fileName: 'a.txt', mimeType: 'text/plain', sizeBytes: 4 },
      clientAttachmentId: crypto.randomUUID(),
    };
    const first = await api.post<{ attachment: { _id: string } }>('/api/attachments', body);
    const again = await api.post<{ attachment: { _id: string } }>('/api/attachments', body);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(dataOf(again).attachment._id).toBe(dataOf(first).attachment._id);
    expect((await api.post('/api/attachments', { ...body, sizeBytes: 5 })).status).toBe(409);
  });

  test('a file has an address that redirects those who may see it, and nobody else', async () => {
    const ready = await upload(server.url, alice, await png());
    const path = `/api/attachments/${ready._id}`;
    const ask = (userId: string | undefined, of = path) =>
      fetch(server.url + of, {
        redirect: 'manual',
        headers: userId === undefined ? {} : { authorization: `Bearer ${server.token(userId)}` },
      });
    const statuses = () => Promise.all(['alice', 'bob', 'eve'].map(async (one) => (await ask(one)).status));
    expect(await statuses()).toEqual([307, 404, 404]);
    await sendFiles(alice, chat, ready._id);
    await until(async () => (await statuses())[1] === 307);
    expect(await statuses()).toEqual([307, 307, 404]);
    expect((await ask(undefined)).status).toBe(401);
    const location = (await ask('bob')).headers.get('location') ?? '';
    expect((await load(server.url, location)).status).toBe(200);
    const thumbnail = (await ask('bob', `${path}/thumbnail`)).headers.get('location') ?? '';
    expect((await load(server.url, thumbnail)).headers.get('content-type')).toBe('image/webp');
    // One size: nobody can fill the disk with others.
    expect((await ask('bob', `${path}/thumbnail?width=17`)).status).toBe(400);
    expect((await load(server.url, new URL(location, server.url).pathname)).status).toBe(403);
  });
});

describe('members', () => {
  test('who were removed, and who joined later to a group without history, have no file of it', async () => {
    const { conversation } = await alice.ok('createGroup', { name: 'Friends', participants: ['bob', 'eve'] });
    const group = conversation._id;
    const ready = await upload(server.url, alice, textFile());
    await sendFiles(alice, group, ready._id);
    const id = { attachmentId: ready._id };
    expect(await refusal(eve, 'getAttachment', id)).toBe('OK');
    await alice.ok('removeMember', { conversationId: group, userId: 'eve' });
    expect(await refusal(eve, 'getAttachment', id)).toBe('NOT_FOUND');
    expect(await refusal(bob, 'getAttachment', id)).toBe('OK');
    await alice.ok('addMembers', { conversationId: group, userIds: ['eve'] });
    expect(await refusal(eve, 'getAttachment', id)).toBe('NOT_FOUND');
  });

  test('see in lists, search and sync what the message says, with a URL that works', async () => {
    const ready = await upload(server.url, alice, { ...textFile(), fileName: 'tuppence.txt' });
    const { seq } = await sendFiles(alice, chat, ready._id);
    const { messages: found } = await bob.ok('searchMessages', { words: 'tuppence' });
    const { messages: page } = await bob.ok('getMessages', { conversationId: chat });
    const { conversations } = await bob.ok('getConversations', {});
    const last = conversations.find(({ _id }) => _id === chat)?.lastMessage;
    const views = [found[0], page.find((one) => one.seq === seq), last].map((one) => one?.attachments?.[0]);
    for (const view of views) {
      expect(view).toMatchObject({ attachmentId: ready._id, name: 'tuppence.txt' });
      expect((await load(server.url, view?.url)).status).toBe(200);
    }
  });

  test('read a page with files with as many queries as one without', async () => {
    const [plain, full] = [await alice.open('plain'), await alice.open('full')];
    const ready = await upload(server.url, alice, textFile());
    for (const one of [plain, full]) await alice.send(one, 'hello');
    await alice.send(plain, 'hello again');
    await sendFiles(alice, full, ready._id);
    const count = (conversationId: string) =>
      countCommands(server, () => alice.ok('getMessages', { conversationId, after: 0 }));
    await count(plain);
    await count(full);
    const [without, withFiles] = [await count(plain), await count(full)];
    expect(withFiles.reads).toBeLessThanOrEqual(without.reads);
  });
});

describe('sending', () => {
  test('takes only files that are ready, and a wrong one leaves nothing behind', async () => {
    const { attachment } = await begin(alice, textFile());
    const ready = await upload(server.url, alice, textFile());
    const before = (await alice.ok('getConversation', { conversationId: chat })).conversation.lastSeq;
    const others = await upload(server.url, bob, textFile());
    for (const [input, code] of [
      [sendInput(attachment._id), 'CONFLICT'],
      [sendInput(others._id), 'NOT_FOUND'],
      [sendInput('f'.repeat(24)), 'NOT_FOUND'],
      [sendInput(`${'f'.repeat(24)}/original`), 'VALIDATION'],
      [
        { ...sendInput(ready._id), attachments: [{ attachmentId: ready._id }, { attachmentId: ready._id }] },
        'VALIDATION',
      ],
    ] as const) {
      expect([await refusal(alice, 'sendMessage', input), code]).toEqual([code, code]);
    }
    const { conversation } = await alice.ok('getConversation', { conversationId: chat });
    expect(conversation.lastSeq).toBe(before);
    expect(await refusal(alice, 'sendMessage', sendInput(ready._id))).toBe('OK');
  });

  test('of a refused message gives its files back', async () => {
    const ready = await upload(server.url, alice, textFile());
    const strange = { ...sendInput(ready._id), conversationId: await bob.open('eve') };
    expect(await refusal(alice, 'sendMessage', strange)).toBe('NOT_PARTICIPANT');
    const { attachments: sent } = await sendFiles(alice, chat, ready._id);
    expect(sent[0]?.attachmentId).toBe(ready._id);
  });

  test('again stores one message, also after its files were deleted', async () => {
    const ready = await upload(server.url, alice, textFile());
    const input = sendInput(ready._id);
    const first = await alice.ok('sendMessage', input);
    const again = await alice.ok('sendMessage', input);
    expect([first.duplicate, again.duplicate, again.seq]).toEqual([false, true, first.seq]);
    expect(again.attachments[0]?.attachmentId).toBe(ready._id);
    expect(await refusal(alice, 'sendMessage', { ...input, content: 'other' })).toBe('CONFLICT');
    await alice.ok('deleteMessage', { conversationId: chat, seq: first.seq, for: 'everyone' });
    const { attachments } = server.app.models;
    await until(async () => (await attachments.findById(ready._id)) === undefined);
    expect(await alice.ok('sendMessage', input)).toMatchObject({ duplicate: true, attachments: [] });
  });

  test('a file that somebody may see forwards a copy, which outlives the original', async () => {
    const ready = await upload(server.url, alice, await png());
    const sent = await sendFiles(alice, chat, ready._id);
    const onward = await bob.open('carol');
    const input = { ...sendInput(ready._id), conversationId: onward };
    const forwarded = await bob.ok('sendMessage', input);
    expect((await bob.ok('sendMessage', input)).attachments).toMatchObject([
      { attachmentId: forwarded.attachments[0]?.attachmentId },
    ]);
    expect(forwarded.attachments[0]?.attachmentId).not.toBe(ready._id);
    expect(await refusal(eve, 'sendMessage', { ...input, conversationId: await eve.open('dan') })).toBe(
      'NOT_FOUND',
    );
    await alice.ok('deleteMessage', { conversationId: chat, seq: sent.seq, for: 'everyone' });
    await until(async () => (await load(server.url, sent.attachments[0]?.url)).status === 404);
    await until(async () => (await load(server.url, sent.attachments[0]?.thumbnailUrl)).status === 404);
    expect((await load(server.url, forwarded.attachments[0]?.url)).status).toBe(200);
    expect((await load(server.url, forwarded.attachments[0]?.thumbnailUrl)).status).toBe(200);
  });
});

describe('an upload', () => {
  test('that is completed before its bytes are there, and twice, and by five at once, is checked once', async () => {
    const file = textFile('once');
    const { attachment, upload: request } = await begin(alice, file);
    const id = { attachmentId: attachment._id };
    expect(await refusal(alice, 'completeAttachment', id)).toBe('CONFLICT');
    expect(await refusal(bob, 'completeAttachment', id)).toBe('NOT_FOUND');
    await sendBytes(server.url, request, file.bytes);
    const before = await server.metric('parley_attachments_total');
    const answers = await Promise.all(Array.from({ length: 5 }, () => alice.ok('completeAttachment', id)));
    expect(answers.map((one) => one.attachment.status)).toEqual(Array(5).fill('ready'));
    expect(await alice.ok('completeAttachment', id)).toMatchObject({ attachment: { status: 'ready' } });
    expect(await server.metric('parley_attachments_total')).toBe(before + 1);
    // The URL of the upload is still valid, and stores nothing any more.
    expect(await sendBytes(server.url, request, Buffer.from('evil'))).toEqual([412]);
    const { attachment: now } = await alice.ok('getAttachment', id);
    expect(await (await load(server.url, now.url)).text()).toBe('once');
  });

  test('is cancelled, also twice, but not once a message has it', async () => {
    const ready = await upload(server.url, alice, textFile());
    const id = { attachmentId: ready._id };
    expect(await refusal(bob, 'cancelAttachment', id)).toBe('OK');
    expect(await refusal(alice, 'getAttachment', id)).toBe('OK');
    expect(await refusal(alice, 'cancelAttachment', id)).toBe('OK');
    expect(await refusal(alice, 'cancelAttachment', id)).toBe('OK');
    expect(await refusal(alice, 'completeAttachment', id)).toBe('NOT_FOUND');
    await until(async () => (await load(server.url, ready.url)).status === 404);
    const kept = await upload(server.url, alice, textFile());
    await sendFiles(alice, chat, kept._id);
    expect(await refusal(alice, 'cancelAttachment', { attachmentId: kept._id })).toBe('CONFLICT');
  });
});
