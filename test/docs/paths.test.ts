import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = ['app', 'backend', 'bench', 'contract', 'deploy', 'packages', 'scripts', 'test', 'tools'];

const listFiles = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path))
    .map((path) => join(folder, path));

const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...listFiles('docs', /\.md$/),
  ...listFiles('deploy', /\.md$/),
];

test('every source file that a page names in backticks exists', () => {
  const sources = SOURCES.flatMap((folder) => listFiles(folder, /\.(ts|mjs|js)$/));
  const names = new Set(sources.map((path) => basename(path)));
  const isThere = (path: string): boolean =>
    path.includes('/')
      ? sources.some((source) => source === path || source.endsWith(`/${path}`))
      : names.has(path);
  const missing = PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/`([\w./-]+\.(?:ts|mjs|js))`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !isThere(path))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('every relative link of a page leads to a file, and its anchor to a heading', () => {
  const broken = PAGES.flatMap((page) =>
    [
      ...readFileSync(join(ROOT, page), 'utf8').matchAll(
        /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g,
      ),
    ]
      .filter(([, path = '', anchor]) => !leads(page, path, anchor))
      .map(([link]) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function leads(page: string, path: string, anchor: string | undefined): boolean {
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(anchor);
}

/** Anchors of the headings of a page, as GitHub derives them. */
const anchorsOf = (page: string): Set<string> =>
  new Set(
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
