import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

/** Bytes of script of a first visit, compressed. */
const MAX_BYTES = 250_000;

test('a first visit loads at most 250 kB of script', () => {
  const html = readFileSync('dist/app/index.html', 'utf8');
  // Scripts and what they import at once (`modulepreload`); the rest is loaded when it is opened.
  const scripts = [...html.matchAll(/(?:src|href)="\/app\/(assets\/[^"]+\.js)"/g)].map(
    ([, path = '']) => path,
  );
  const bytes = scripts.map((path) => gzipSync(readFileSync(`dist/app/${path}`)).length);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(MAX_BYTES);
});
