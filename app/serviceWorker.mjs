import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/** Files that only some browsers ask for, once, and maps for developers. */
const isNeededOffline = (name) => !/\.(map|png)$/.test(name) && name !== 'sw.js';

/** Every file of the build as the service worker keeps it. Names in `assets/` contain a hash of the content. */
function builtFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path, url: path.slice(folder.length + 1).replaceAll('\\', '/') }))
    .filter(({ url }) => isNeededOffline(url))
    .map(({ path, url }) => ({ url, revision: url.startsWith('assets/') ? null : hashOf(path) }));
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);

/** Builds `sw.js` beside the app: it lists the app's files, so it is built after them. */
export function serviceWorker(entry) {
  let config;
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const { outDir, target, sourcemap } = config.build;
      await build({
        configFile: false,
        logLevel: 'warn',
        root: config.root,
        define: { BUILT_FILES: JSON.stringify(builtFiles(outDir)) },
        build: {
          ...{ outDir, target, sourcemap, emptyOutDir: false, copyPublicDir: false },
          rolldownOptions: { input: entry, output: { entryFileNames: 'sw.js' } },
        },
      });
    },
  };
}
