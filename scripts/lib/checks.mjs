import { TSC } from './compiler.mjs';

/** Results of earlier runs, by which a check looks only at what has changed since. A fresh clone has none. */
const CACHE = 'node_modules/.cache';

/** In one thread: several check the same types again, which takes twice the time of the processor, beside tests. */
const tsc = (project, name) => [
  ...[TSC, '-p', project, '--incremental', '--singleThreaded'],
  ...['--tsBuildInfoFile', `${CACHE}/typescript/${name}.tsbuildinfo`],
];

/** Everything that `npm test` checks besides tests: a name, and what Node runs. */
export const CHECKS = [
  ['Types', tsc('tsconfig.json', 'all')],
  ['Types of the app and the components', tsc('app/tsconfig.json', 'app')],
  ['Types of the service worker', tsc('app/worker/tsconfig.json', 'worker')],
  ['Types of the client SDK, without Node', tsc('test/client/page/tsconfig.json', 'client')],
  [
    'Layers',
    [
      ...[
        'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
        'backend',
        'contract',
        'packages/client/src',
        'scripts',
        'tools',
      ],
      ...['--config', '.dependency-cruiser.cjs'],
    ],
  ],
  ['Packages', ['scripts/checkPackages.mjs']],
  ['Bundles of the app for phones', ['scripts/appBundle.mjs']],
  [
    'Formatting',
    [
      ...['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.', '--cache'],
      ...['--cache-strategy', 'content', '--cache-location', `${CACHE}/prettier/checked`],
    ],
  ],
  [
    'Lint',
    [
      ...['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0', '--cache'],
      ...['--cache-strategy', 'content', '--cache-location', `${CACHE}/eslint/`],
    ],
  ],
];
