import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const inPage = (path) => fileURLToPath(new URL(path, import.meta.url));

const SDK = inPage('../packages/client/src');

/**
 * Builds the page at `/` into `dist/page`: one script, one stylesheet, under names that contain a hash of their content.
 * The server lets browsers keep everything in `assets/` for good (`backend/src/http/routes/page.ts`).
 */
export default defineConfig({
  root: inPage('.'),
  // The SDK's sources, so that its packages need not be built first.
  resolve: {
    alias: [
      { find: /^@parley\/client\/(.+)$/, replacement: `${SDK}/$1.ts` },
      { find: '@parley/client', replacement: `${SDK}/index.ts` },
    ],
  },
  plugins: [classicScript('src/theme.js')],
  build: {
    outDir: inPage('../dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: true,
    // Each asset is a file: the page needs no `data:` in its Content Security Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

/**
 * Emits a script that runs before the first paint. Vite bundles modules only, which run later, and the Content Security
 * Policy forbids inline scripts.
 */
function classicScript(path) {
  let fileName;
  return {
    name: 'classic-script',
    apply: 'build',
    buildStart() {
      const source = readFileSync(inPage(path), 'utf8');
      const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
      fileName = `assets/${basename(path, '.js')}-${hash}.js`;
      this.addWatchFile(inPage(path));
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: (html) => html.replace(`/${path}`, `/${fileName}`),
  };
}
