import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build, type Plugin } from 'vite';
import { expect, test } from 'vitest';

const LANGUAGES = ['ar', 'de', 'es', 'nl'];
/** Entries of `packages/ui/tsdown.config.mjs`. */
const ENTRIES = { index: 'src/index.ts', web: 'src/web/index.ts', texts: 'src/texts/tables.ts' };

/** Takes `Svg.web.tsx` for `./Svg.js`. */
const webFiles: Plugin = {
  name: 'web-files',
  enforce: 'pre',
  resolveId(id, importer) {
    if (importer === undefined || !/^\.\.?\/.*\.js$/.test(id)) return undefined;
    const path = resolve(dirname(importer), id.slice(0, -'.js'.length));
    return ['.web.tsx', '.web.ts'].map((ending) => path + ending).find(existsSync);
  },
};

/** Bundles the entries of the package as it is published. @returns paths of modules by entry, without what is loaded later */
async function bundleEntries(): Promise<Map<string, string[]>> {
  const output = await build({
    configFile: false,
    root: 'packages/ui',
    logLevel: 'error',
    plugins: [webFiles],
    build: {
      write: false,
      minify: false,
      lib: { entry: ENTRIES, formats: ['es'] },
      rolldownOptions: { external: /^(?![./])/ },
    },
  });
  const chunks = [output].flat().flatMap((result) => ('output' in result ? result.output : []));
  const byName = new Map(chunks.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one]] : [])));
  const modulesOf = (fileName: string, seen = new Set<string>()): string[] => {
    const chunk = byName.get(fileName);
    if (chunk === undefined || seen.has(fileName)) return [];
    seen.add(fileName);
    return [...chunk.moduleIds, ...chunk.imports.flatMap((name) => modulesOf(name, seen))];
  };
  const entries = [...byName.values()].filter(({ isEntry }) => isEntry);
  return new Map(entries.map(({ name, fileName }) => [name, modulesOf(fileName)]));
}

test('an app with the components loads the texts of a language when it is shown', async () => {
  const entries = await bundleEntries();
  const languagesIn = (entry: string) =>
    LANGUAGES.filter((language) => entries.get(entry)?.some((id) => id.endsWith(`/texts/${language}.ts`)));
  expect([...entries.keys()].sort()).toEqual(['index', 'texts', 'web']);
  expect(languagesIn('index')).toEqual([]);
  expect(languagesIn('texts')).toEqual(LANGUAGES);
});
