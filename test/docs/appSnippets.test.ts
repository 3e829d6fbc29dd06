import { expect, test } from 'vitest';
import { COMPONENTS_PROJECT, readSnippets, SnippetFolder } from './support/snippets.js';

test('all snippets of the page about the components compile', async () => {
  const snippets = (await Promise.all(['docs/app.md', 'packages/ui/README.md'].map(readSnippets))).flat();
  expect(snippets.length).toBeGreaterThan(4);
  const named = snippets.map(({ name, code }, index) => ({ name: `${index}-${name}`, code }));
  await using folder = await SnippetFolder.create(named);
  expect(await folder.compile(COMPONENTS_PROJECT)).toBe('');
});
