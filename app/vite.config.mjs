import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { serviceWorker } from './serviceWorker.mjs';

const inRepository = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const source = (name) => inRepository(`packages/${name}/src`);

const firstVisit = modulesOfFirstVisit();

/**
 * Builds the app for browsers into `dist/app`, from the sources of the packages. Names in `assets/` contain a hash of the
 * content, so that browsers keep them for good.
 */
export default defineConfig({
  root: inRepository('app'),
  resolve: {
    alias: [
      { find: /^react-native$/, replacement: 'react-native-web' },
      { find: /^@parley\/client\/(.+)$/, replacement: `${source('client')}/$1.ts` },
      { find: '@parley/client', replacement: `${source('client')}/index.ts` },
      { find: '@parley/react-native/web', replacement: `${source('ui')}/web/index.ts` },
      { find: '@parley/react-native/texts', replacement: `${source('ui')}/texts/tables.ts` },
      { find: '@parley/react-native', replacement: `${source('ui')}/index.ts` },
      { find: '@parley/react', replacement: `${source('react')}/index.ts` },
    ],
    dedupe: ['react', 'react-dom'],
  },
  plugins: [
    platformFiles('web'),
    firstVisit.plugin,
    serviceWorker(inRepository('app/worker/serviceWorker.ts')),
  ],
  build: {
    outDir: inRepository('dist/app'),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: true,
    assetsInlineLimit: 0,
    // Before compression; `test/app/weight.test.ts` bounds what is sent.
    chunkSizeWarningLimit: 1_000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onwarn: ignoreDirectives,
      output: { codeSplitting: { groups: [{ name: 'first', test: firstVisit.has }] } },
    },
  },
});

/** `use client` is for servers that render React; there is none. */
function ignoreDirectives(warning, warn) {
  if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
}

/** Finds `Svg.web.tsx` for `./Svg.js`, as TypeScript does with `moduleSuffixes`. */
function platformFiles(platform) {
  return {
    name: 'platform-files',
    enforce: 'pre',
    resolveId(id, importer) {
      if (importer === undefined || !/^\.\.?\/.*\.js$/.test(id)) return undefined;
      const path = resolve(dirname(importer), id.slice(0, -'.js'.length));
      return ['.tsx', '.ts'].map((ending) => `${path}.${platform}${ending}`).find(existsSync);
    },
  };
}

/**
 * Finds the modules that are loaded before anything is opened. Together in one file they are smaller when compressed than in
 * one file for each set of pages that share some.
 */
function modulesOfFirstVisit() {
  const found = new Set();
  return {
    has: (id) => found.has(id),
    plugin: {
      name: 'first-visit',
      buildEnd() {
        const add = (id) => {
          if (found.has(id)) return;
          found.add(id);
          for (const imported of this.getModuleInfo(id)?.importedIds ?? []) add(imported);
        };
        for (const id of this.getModuleIds()) if (this.getModuleInfo(id)?.isEntry === true) add(id);
      },
    },
  };
}
