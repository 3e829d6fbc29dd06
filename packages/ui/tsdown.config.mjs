import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defineConfig } from 'tsdown';

const shared = {
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  fixedExtension: false,
  hash: false,
  // Bundlers of apps minify; stack traces of ours stay readable.
  minify: false,
  sourcemap: false,
  // `thumbhash` has an entry for Node only by name; it is built in.
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
};

/** Takes `Svg.web.tsx` or `Svg.native.tsx` for `./Svg.js`. */
const platformFiles = (platform) => ({
  name: 'platform-files',
  resolveId(id, importer) {
    if (importer === undefined || !/^\.\.?\/.*\.js$/.test(id)) return undefined;
    const path = resolve(dirname(importer), id.slice(0, -'.js'.length));
    return ['.tsx', '.ts'].map((ending) => `${path}.${platform}${ending}`).find(existsSync);
  },
});

/** One build for browsers, which brings the declarations of both, and one for phones. */
export default defineConfig([
  {
    ...shared,
    // `TEXTS` has an entry of its own: in that of the components it would bring all languages with it.
    entry: { index: 'src/index.ts', web: 'src/web/index.ts', texts: 'src/texts/tables.ts' },
    plugins: [platformFiles('web')],
    dts: true,
    clean: true,
  },
  {
    ...shared,
    entry: { native: 'src/index.ts' },
    plugins: [platformFiles('native')],
    // One file: Metro splits nothing, and the parts of the other build have the same names.
    outputOptions: { codeSplitting: false },
    dts: false,
    clean: false,
  },
]);
