import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MediaPool } from '../../backend/src/media/index.js';
import type { Inspection } from '../../backend/src/services/mediaInspector.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { animation, photo, png, recorded, wav, type TestFile } from './support/files.js';

let folder: string;
let media: MediaPool;
const logger = createLogger({ level: 'silent', pretty: false });
const openPool = (timeoutMs: number) =>
  new MediaPool({ settings: { maxSide: 50, quality: 80 }, workers: 1, timeoutMs, logger });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
  // Beyond any time that a file here takes, and far below what a file that never ends would take.
  media = openPool(60_000);
});
afterAll(async () => {
  await media.close();
  await rm(folder, { recursive: true });
});

async function inspect(
  { kind, mimeType, bytes }: TestFile,
  { pool = media, announcedSound = {} }: { pool?: MediaPool; announcedSound?: object } = {},
): Promise<Inspection> {
  const file = join(folder, 'upload');
  await writeFile(file, bytes);
  return pool.inspect({ file, folder, kind, announcedType: mimeType, announcedSound });
}

const image = (mimeType: string, bytes: Buffer | string): TestFile => ({
  ...{ kind: 'image', fileName: 'a', mimeType, bytes: Buffer.from(bytes) },
});

/** A PNG of one colour: a few kilobytes that become gigabytes when they are decoded. */
function pngBomb(side: number): Buffer<ArrayBuffer> {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const lines = deflateSync(Buffer.alloc(Math.ceil(side / 8 + 1) * side));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', lines),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An SVG that draws ten times ten times ten … rectangles: a decoder that reads it works for seconds. */
const NESTED_SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><defs><rect id="a0" width="9" height="9"/>${Array.from(
  { length: 9 },
  (_, level) => `<g id="a${level + 1}">${`<use href="#a${level}"/>`.repeat(10)}</g>`,
).join('')}</defs><use href="#a9"/></svg>`;

describe('an image', () => {
  test('is made smaller, upright, and keeps its form', async () => {
    const found = await inspect(await photo());
    expect(found).toMatchObject({ outcome: 'accepted', facts: { width: 38, height: 50 } });
  });

  test.each(['gif', 'webp'] as const)('that moves goes on moving (%s)', async (format) => {
    const found = await inspect(await animation(format));
    expect(found).toMatchObject({ facts: { width: 20, height: 10, mimeType: `image/${format}` } });
    const rewritten = found.outcome === 'accepted' ? found.rewritten : undefined;
    expect((await sharp(rewritten ?? '').metadata()).pages).toBe(3);
    const thumbnail = found.outcome === 'accepted' ? found.thumbnail : undefined;
    expect((await sharp(thumbnail ?? '').metadata()).pages ?? 1).toBe(1);
  });

  test('loses whatever else is in its file', async () => {
    const { bytes } = await png();
    const polyglot = Buffer.concat([bytes, Buffer.from('<script>alert(document.domain)</script>')]);
    const found = await inspect(image('image/png', polyglot));
    expect(found.outcome).toBe('accepted');
    const rewritten = found.outcome === 'accepted' ? (found.rewritten ?? '') : '';
    expect((await sharp(rewritten).toBuffer()).includes('script')).toBe(false);
  });

  test.each<[string, () => TestFile | Promise<TestFile>, string]>([
    ['of another type than announced', async () => ({ ...(await png()), mimeType: 'image/jpeg' }), 'type'],
    ['that is a text', () => image('image/png', 'not an image'), 'type'],
    ['that is a page', () => image('text/html', '<!doctype html><script>1</script>'), 'type'],
    ['that is an SVG', () => image('image/svg+xml', NESTED_SVG), 'type'],
    ['that is an SVG and says PNG', () => image('image/png', NESTED_SVG), 'type'],
    ['that is a sound', () => ({ ...wav(), kind: 'image' }), 'type'],
    [
      'that ends in the middle',
      async () => {
        const { bytes } = await photo(300, 300);
        return image('image/jpeg', bytes.subarray(0, bytes.length / 2));
      },
      'unreadable',
    ],
    [
      'of which there is only a beginning',
      async () => image('image/png', (await png()).bytes.subarray(0, 40)),
      'unreadable',
    ],
    ['with too many pixels', () => image('image/png', pngBomb(8_000)), 'tooManyPixels'],
    [
      'that is a HEIC without content',
      () => image('image/heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')),
      'unreadable',
    ],
  ])('%s is rejected', async (_what, file, reason) => {
    expect(await inspect(await file())).toEqual({ outcome: 'rejected', reason });
  });

  test('that takes too long is given up, and the next one is not affected', async () => {
    const pool = openPool(1);
    const large = image('image/png', pngBomb(6_000));
    expect(await inspect(large, { pool })).toEqual({ outcome: 'rejected', reason: 'tooSlow' });
    await pool.close();
    expect(await inspect(await png())).toMatchObject({ outcome: 'accepted' });
  });
});

test('a file that is being inspected when the server stops is not judged, and starts no worker again', async () => {
  const pool = openPool(60_000);
  const file = join(folder, 'unfinished');
  await writeFile(file, pngBomb(6_000));
  const what = { kind: 'image', announcedType: 'image/png', announcedSound: {} } as const;
  const ended = expect(pool.inspect({ file, folder, ...what })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  await pool.close();
  await ended;
  // Nor does one that comes later.
  await expect(pool.inspect({ file, folder, ...what })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

describe('a voice note', () => {
  test('takes from the client what its file does not tell, and says so', async () => {
    // AAC frames (ADTS) carry no waveform.
    const frame = Buffer.from('fff15080039ffc2117003020', 'hex');
    const header = Buffer.from(frame);
    const aac = Buffer.concat(Array.from({ length: 400 }, () => Buffer.concat([header, Buffer.alloc(16)])));
    const file: TestFile = { kind: 'voice', fileName: 'a.aac', mimeType: 'audio/aac', bytes: aac };
    const found = await inspect(file, { announcedSound: { durationMs: 1_234, waveform: [1, 2, 3] } });
    expect(found).toMatchObject({ outcome: 'accepted', facts: { waveform: [1, 2, 3], soundFrom: 'client' } });
  });

  test('that a browser has recorded has the duration that the client says: its file tells that of a piece', async () => {
    const found = await inspect(recorded(), { announcedSound: { durationMs: 2_100 } });
    expect(found).toMatchObject({
      outcome: 'accepted',
      facts: { durationMs: 2_100, soundFrom: 'client' },
    });
  });

  test.each<[string, TestFile, string]>([
    ['of another type than announced', { ...wav(), mimeType: 'audio/mpeg' }, 'type'],
    ['that is a picture', { ...image('image/png', pngBomb(10)), kind: 'voice' }, 'type'],
    [
      'that never ends being looked at (Matroska)',
      {
        ...{ kind: 'voice', fileName: 'a.webm', mimeType: 'audio/webm' },
        bytes: Buffer.concat([Buffer.from('1a45dfa3010000000000000042820000', 'hex'), Buffer.alloc(64)]),
      },
      'type',
    ],
  ])('%s is rejected', async (_what, file, reason) => {
    expect(await inspect(file)).toEqual({ outcome: 'rejected', reason });
  });
});
