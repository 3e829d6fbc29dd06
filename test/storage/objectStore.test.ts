import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { userId } from '../../contract/index.js';
import { mountFiles } from '../../backend/src/http/routes/files.js';
import {
  fileKey,
  ObjectChanged,
  StoreUnavailable,
  thumbnailKey,
  uploadKey,
  type ObjectStore,
  type SignedRequest,
} from '../../backend/src/services/objectStore.js';
import { EmbeddedStore } from '../../backend/src/storage/embedded/index.js';
import { S3Store } from '../../backend/src/storage/s3/index.js';
import { hasS3Server, S3_KEYS, S3Server } from '../support/s3Server.js';

interface Fixture {
  store: ObjectStore;
  /** Address that signed URLs without a host belong to. */
  base: string;
  /** Makes the store unusable, for the last test. */
  breakIt: () => Promise<void>;
  close: () => Promise<void>;
}

async function openEmbedded(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-files-'));
  const store = await EmbeddedStore.open(folder);
  const app = express();
  mountFiles(app, {
    embeddedFiles: store,
    uploads: { uploaderOf: () => Promise.resolve(userId.parse('alice')) },
  });
  const answerError: express.ErrorRequestHandler = (...[error, , response, _next]) => {
    const { code } = error as { code?: string };
    response.status(code === 'FORBIDDEN' ? 403 : 503).end();
  };
  // Express recognises an error handler by its four parameters.
  app.use(Object.defineProperty(answerError, 'length', { value: 4 }));
  const http: Server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  return {
    store,
    base: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    breakIt: async () => {
      await rm(folder, { recursive: true });
      // A folder that cannot be made again.
      await writeFile(folder, '');
    },
    close: async () => {
      http.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openS3(): Promise<Fixture> {
  const server = await S3Server.start();
  const store = new S3Store({ ...optionsOf(server), ...S3_KEYS });
  return {
    store,
    base: server.endpoint,
    breakIt: () => server.stop(),
    close: async () => {
      await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const optionsOf = (server: S3Server) => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  bucket: server.bucket,
  forcePathStyle: true,
  cdn: undefined,
});

const STORES = [
  ['in a folder', openEmbedded],
  ['behind the S3 protocol', openS3],
] as const;

let counter = 0;
const newId = (): string => (counter += 1).toString(16).padStart(24, '0');
const soon = (): Date => new Date(Date.now() + 60_000);
const TEXT = { mimeType: 'text/plain', disposition: 'attachment; filename="a.txt"' };

describe.each(STORES)('an object store %s', (name, open) => {
  const isLeftOut = name !== 'in a folder' && !hasS3Server;
  let fixture: Fixture;
  let store: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    if (isLeftOut) return;
    fixture = await open();
    ({ store } = fixture);
    folder = await mkdtemp(join(tmpdir(), 'parley-store-'));
  });
  afterAll(async () => {
    if (isLeftOut) return;
    await fixture.close();
    await rm(folder, { recursive: true });
  });
  const it = test.skipIf(isLeftOut);

  const put = async ({ url, headers }: SignedRequest, body: string | Uint8Array<ArrayBuffer>, more = {}) =>
    (await fetch(new URL(url, fixture.base), { method: 'PUT', headers: { ...headers, ...more }, body }))
      .status;
  const contentOf = async (key: string): Promise<string | undefined> => {
    const found = await store.find(key);
    if (found === undefined) return undefined;
    const file = join(folder, newId());
    await store.read(key, file, { etag: found.etag, maxBytes: found.sizeBytes });
    return readFile(file, 'utf8');
  };
  /** Stores a text under a key, as the server does. */
  const store_ = async (key: string, text: string): Promise<void> => {
    const file = join(folder, newId());
    await writeFile(file, text);
    await store.write(key, file, TEXT);
  };

  it('takes an upload by a signed request, once', async () => {
    const key = uploadKey(newId());
    const signed = store.signUpload({ key, mimeType: 'image/png', sizeBytes: 5 }, soon());
    expect(await put(signed, 'hello')).toBe(200);
    expect((await store.find(key))?.sizeBytes).toBe(5);
    expect(await put(signed, 'other')).toBe(412);
    expect(await contentOf(key)).toBe('hello');
  });

  it.each<[string, (signed: SignedRequest) => Promise<number>]>([
    ['more bytes than announced', (signed) => put(signed, 'hello, world')],
    ['fewer bytes', (signed) => put(signed, 'hi')],
    ['another type', (signed) => put(signed, 'hello', { 'content-type': 'text/html' })],
    ['another key', (signed) => put({ ...signed, url: signed.url.replace(/up\/0+/, 'up/f00') }, 'hello')],
    [
      'a key of checked files',
      (signed) => put({ ...signed, url: signed.url.replace('up/', 'att/') }, 'hello'),
    ],
    ['no signature', (signed) => put({ ...signed, url: signed.url.split('?')[0] ?? '' }, 'hello')],
    [
      'a later expiry',
      (signed) => put({ ...signed, url: signed.url.replace(/(xpires=)\d/, '$19') }, 'hello'),
    ],
  ])('refuses an upload with %s', async (_what, send) => {
    const key = uploadKey(newId());
    const status = await send(store.signUpload({ key, mimeType: 'image/png', sizeBytes: 5 }, soon()));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(await store.find(key)).toBeUndefined();
  });

  it('refuses an upload and a download whose time is over', async () => {
    const id = newId();
    await store_(fileKey(id), 'hello');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const upload = store.signUpload({ key: uploadKey(id), mimeType: 'image/png', sizeBytes: 5 }, soon());
    const download = store.signDownload(fileKey(id), TEXT);
    vi.useRealTimers();
    vi.restoreAllMocks();
    expect(await put(upload, 'hello')).toBe(403);
    expect((await fetch(new URL(download.url, fixture.base))).status).toBe(403);
  });

  it('answers a file by a signed URL, also a part of it, with the headers that were signed', async () => {
    const key = fileKey(newId());
    await store_(key, 'hello, world');
    const { url, expiresAt } = store.signDownload(key, TEXT);
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(9 * 60_000);
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    const whole = await fetch(new URL(url, fixture.base));
    expect(await whole.text()).toBe('hello, world');
    expect(whole.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(whole.headers.get('content-disposition')).toBe(TEXT.disposition);
    const part = await fetch(new URL(url, fixture.base), { headers: { range: 'bytes=7-' } });
    expect([part.status, await part.text()]).toEqual([206, 'world']);
    const forged = url.replace('attachment', 'inline').replace('text%2Fplain', 'text%2Fhtml');
    expect((await fetch(new URL(forged, fixture.base))).status).toBe(403);
    expect((await fetch(new URL(url.split('?')[0] ?? '', fixture.base))).status).toBeGreaterThanOrEqual(400);
  });

  it('signs the same URL for a while, so that browsers keep what they have loaded', () => {
    const key = thumbnailKey(newId());
    expect(store.signDownload(key, TEXT).url).toBe(store.signDownload(key, TEXT).url);
  });

  it('takes an upload in parts, lists those that have arrived, and joins them', async () => {
    const key = uploadKey(newId());
    const expected = { key, mimeType: 'video/mp4', sizeBytes: 5 * 1024 * 1024 + 3 };
    const uploadId = await store.startParts(expected);
    const first = Buffer.alloc(5 * 1024 * 1024, 'a');
    const sign = (partNumber: number, sizeBytes: number) =>
      store.signPart({ key, sizeBytes }, { uploadId, partNumber }, soon());
    expect(await put(sign(2, 3), 'zzz')).toBe(200);
    expect(await put(sign(1, 4), 'aaaaa')).toBeGreaterThanOrEqual(400);
    expect(await store.listParts(key, uploadId)).toMatchObject([{ partNumber: 2, sizeBytes: 3 }]);
    expect((await store.listOpenUploads('up/')).map(({ key: one }) => one)).toContain(key);
    expect(await put(sign(1, first.length), first)).toBe(200);
    // A part that is sent again replaces the first one.
    expect(await put(sign(2, 3), 'end')).toBe(200);
    const parts = await store.listParts(key, uploadId);
    expect(parts).toMatchObject([{ partNumber: 1 }, { partNumber: 2 }]);
    expect(await store.find(key)).toBeUndefined();
    await store.joinParts(key, uploadId, parts ?? []);
    expect((await store.find(key))?.sizeBytes).toBe(expected.sizeBytes);
    expect((await contentOf(key))?.slice(-5)).toBe('aaend');
    expect(await store.listParts(key, uploadId)).toBeUndefined();
    expect(await put(sign(2, 3), 'new')).toBeGreaterThanOrEqual(400);
  });

  it('drops the parts of an upload', async () => {
    const key = uploadKey(newId());
    const uploadId = await store.startParts({ key, mimeType: 'video/mp4', sizeBytes: 3 });
    await store.dropParts(key, uploadId);
    await store.dropParts(key, uploadId);
    expect(await store.listParts(key, uploadId)).toBeUndefined();
  });

  it('copies and reads only what has not changed', async () => {
    const [from, to] = [uploadKey(newId()), fileKey(newId())];
    await store_(from, 'first');
    const { etag = '' } = (await store.find(from)) ?? {};
    await store.copy({ key: from, etag }, to, TEXT);
    expect(await contentOf(to)).toBe('first');
    await store_(from, 'second, and longer');
    const file = join(folder, 'changed');
    await expect(store.copy({ key: from, etag }, to, TEXT)).rejects.toThrow(ObjectChanged);
    await expect(store.read(from, file, { etag, maxBytes: 9 })).rejects.toThrow(ObjectChanged);
    await store.remove([from]);
    await expect(store.copy({ key: from, etag }, to, TEXT)).rejects.toThrow(ObjectChanged);
    await expect(store.read(from, file, { etag, maxBytes: 9 })).rejects.toThrow(ObjectChanged);
    expect(await contentOf(to)).toBe('first');
  });

  it('lists by prefix and removes, also what is not there', async () => {
    const ids = [newId(), newId(), newId()];
    for (const id of ids) await store_(fileKey(id), 'x');
    await store_(uploadKey(newId()), 'x');
    const keysUnder = async (prefix: string, after?: string) =>
      (await store.list(prefix, after)).objects.map(({ key }) => key);
    const listed = await keysUnder('att/');
    expect(listed).toEqual(expect.arrayContaining(ids.map(fileKey)));
    expect(listed.every((key) => key.startsWith('att/'))).toBe(true);
    expect(listed).toEqual([...listed].sort());
    expect(await keysUnder('att/', fileKey(ids[1] ?? ''))).toEqual([fileKey(ids[2] ?? '')]);
    await store.remove([...ids.map(fileKey), fileKey('f'.repeat(24)), thumbnailKey('f'.repeat(24))]);
    expect(await keysUnder('att/')).not.toEqual(expect.arrayContaining([fileKey(ids[0] ?? '')]));
  });

  it('says when it cannot be used', async () => {
    const key = fileKey(newId());
    await store_(key, 'x');
    await fixture.breakIt();
    await expect(store_(key, 'y')).rejects.toThrow(StoreUnavailable);
    await expect(store.startParts({ key, mimeType: 'a/b', sizeBytes: 1 })).rejects.toThrow();
  });
});

describe.skipIf(!hasS3Server)('the check at the start', () => {
  test('names the variable that is wrong', async () => {
    await using server = await S3Server.start();
    const other = new S3Store({ ...optionsOf(server), ...S3_KEYS, bucket: 'nowhere' });
    await expect(other.check()).rejects.toThrow(/^S3_BUCKET: .*nowhere/);
    const wrong = new S3Store({ ...optionsOf(server), ...S3_KEYS, secretAccessKey: 'wrong' });
    await expect(wrong.check()).rejects.toThrow(/^S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY: /);
    const right = new S3Store({ ...optionsOf(server), ...S3_KEYS });
    await right.check();
    await server.stop();
    await expect(right.check()).rejects.toThrow(StoreUnavailable);
  });
});
