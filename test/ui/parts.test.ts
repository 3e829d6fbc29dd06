import { expect, test } from 'vitest';
import { firstSeqSince } from '../../packages/ui/src/chat/firstSeqSince.js';
import { isFewEmoji } from '../../packages/ui/src/chat/links.js';
import { createDrafts } from '../../packages/ui/src/drafts.js';
import { excessOf, fits, lengthOf } from '../../packages/ui/src/lengths.js';
import { createFormats } from '../../packages/ui/src/formats.js';

test('lengths are counted in code points, without white space at both ends', () => {
  expect(lengthOf('a👍é')).toBe(3);
  expect(fits('👍'.repeat(8_000), 8_000)).toBe(true);
  expect(fits(`  ${'a'.repeat(100)}\n`, 100)).toBe(true);
  expect(excessOf('a'.repeat(8_008), 8_000)).toBe(8);
});

test('one to three emoji are large', () => {
  for (const text of ['👍', '❤️', '👩‍👩‍👧', '👍🏽👍🏽👍🏽']) expect(isFewEmoji(text), text).toBe(true);
  for (const text of ['', 'a', '👍 a', '👍👍👍👍', '1', '#']) expect(isFewEmoji(text), text).toBe(false);
});

test('the first message since a time is found in few requests, hidden entries included', async () => {
  const hidden = new Set([499, 500, 501]);
  let requests = 0;
  const handle = {
    loadOne: (seq: number) => {
      requests += 1;
      // Only the time is read.
      const message = { seq, createdAt: new Date(seq * 1_000).toISOString() };
      return Promise.resolve(hidden.has(seq) ? undefined : (message as never));
    },
  };
  const find = (timeMs: number) => firstSeqSince(handle, { visibleFromSeq: 1, lastSeq: 100_000 }, timeMs);
  expect(await find(77_777_000)).toBe(77_777);
  expect(requests).toBeLessThan(25);
  expect(await find(0)).toBe(1);
  expect(await find(1e15)).toBe(100_000);
  expect(await find(502_000)).toBeLessThanOrEqual(502);
});

test('drafts are kept by conversation, and a full storage does no harm', () => {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key),
    setItem: (key: string, text: string) => {
      if (text === 'full') throw new Error('QuotaExceededError');
      stored.set(key, text);
    },
    removeItem: (key: string) => void stored.delete(key),
  };
  const drafts = createDrafts(storage, 'u/');
  let changes = 0;
  drafts.subscribe(() => (changes += 1));
  drafts.set('a', 'begun');
  drafts.set('a', 'begun');
  expect([createDrafts(storage, 'u/').get('a'), drafts.get('b'), changes]).toEqual(['begun', '', 1]);
  drafts.set('a', 'full');
  expect(drafts.get('a')).toBe('full');
  drafts.set('a', '');
  expect(stored.size).toBe(0);
});

test('sizes, lengths and prices are written for people', () => {
  const formats = createFormats('en-GB');
  expect([formats.bytes(999), formats.bytes(1_500), formats.bytes(52_428_800)]).toEqual([
    '999 B',
    '1.5 kB',
    '52.4 MB',
  ]);
  expect([formats.duration(0), formats.duration(65_000)]).toEqual(['0:00', '1:05']);
  expect(formats.price({ amount: '12.50', currency: 'EUR' })).toBe('€12.50');
  expect(formats.price({ amount: '1', currency: 'no currency' })).toBe('1 no currency');
  expect(formats.day('2026-11-29')).toBe('29 November 2026');
});
