import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/selectors.ts',
    'src/indexeddb.ts',
    'src/sqlite.ts',
    'src/tabs.ts',
    'src/push.ts',
    'src/uploads.ts',
    'src/storage-conformance.ts',
  ],
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  clean: true,
  fixedExtension: false,
  hash: false,
  // Bundlers of apps minify; stack traces of ours stay readable.
  minify: false,
  sourcemap: false,
});
