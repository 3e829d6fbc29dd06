import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../contract/index.js';
import { errorsPage, PAGES } from '../../scripts/docs/tables.js';

test.each(Object.keys(PAGES))('%s equals the output of npm run docs', async (file) => {
  const page = PAGES[file]?.() ?? '';
  const formatted = await format(page, { ...(await resolveConfig(file)), filepath: file });
  expect(await readFile(file, 'utf8')).toBe(formatted);
});

test('every error code has a line in the docs', () => {
  const page = errorsPage();
  for (const code of ERROR_CODES) expect(page).toContain(`| \`${code}\` |`);
});
