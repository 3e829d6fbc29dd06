import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const PAGE = 'docs/promises.md';
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;

/** Returns the numbers of all promises that a text refers to: `(promise 3)` or `(promises 3, 4)`. */
const numbersIn = (text: string): number[] =>
  [...text.matchAll(/\(promises? (\d+(?:, \d+)*)\)/g)].flatMap(([, list = '']) =>
    list.split(', ').map(Number),
  );

async function testFiles(): Promise<string[]> {
  const names = await readdir('test', { recursive: true });
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name));
}

describe('docs/promises.md', () => {
  test('links to existing files only', async () => {
    const page = await readFile(PAGE, 'utf8');
    const links = [...page.matchAll(LINK)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter((link) => !existsSync(resolve(dirname(PAGE), link)))).toEqual([]);
  });

  test('contains every promise that a test names', async () => {
    const page = await readFile(PAGE, 'utf8');
    const defined = [...page.matchAll(/^## Promise (\d+):/gm)].map(([, number]) => Number(number));
    expect(defined).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const texts = await Promise.all((await testFiles()).map((file) => readFile(file, 'utf8')));
    const named = [...new Set(texts.flatMap(numbersIn))];
    expect(named.filter((number) => !defined.includes(number))).toEqual([]);
    expect(named.length).toBe(defined.length);
  });
});
