/**
 * Arrows point down and never turn:
 * contract <- utils <- models <- services <- pipeline <- commands <- socket | http <- app. Inside `services/` the
 * folders are ordered, too. Imports of types count: a file that cannot be read without another one depends on it.
 */
const SERVICES = '^backend/src/services/';

/** Folders of `services/`, lowest first. Each may use those before it, through their `index.ts`. */
const SERVICE_FOLDERS = [
  'runtime',
  'membership',
  'users',
  'backendAccess',
  'derived',
  'positions',
  'visibility',
  'commitLog',
  'views',
  'attachments',
  'moderation',
  'messages',
  'changes',
  'receipts',
  'groups',
  'safety',
  'presence',
  'conversations',
  'push',
  'search',
  'sync',
  'aliases',
  'webhooks',
];

/** Folders that are imported through their `index.ts` only. */
const FACES = [
  ...SERVICE_FOLDERS.map((folder) => `services/${folder}`),
  'socket/connection',
  'socket/delivery',
  'cluster/broker',
  'cluster/nodeInternals',
];

/** Folders of the client SDK, lowest first. `api/` holds types only and is beside them. */
const CLIENT = '^packages/client/src/';
const CLIENT_FOLDERS = [
  'wire',
  'errors',
  'state',
  'observable',
  'storage',
  'connection',
  'tabs',
  'outbox',
  'promises',
  'sync',
  'client',
  'push',
];

const rule = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to: { path: to } });

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    rule('contract-stands-alone', '^contract/', '^backend/'),
    rule(
      'utils-know-nothing-above',
      '^backend/src/utils/',
      '^backend/src/(models|services|pipeline|commands|socket|http|database)/',
    ),
    rule(
      'models-know-nothing-above',
      '^backend/src/models/',
      '^backend/src/(services|pipeline|commands|socket|http|database)/',
    ),
    rule('services-know-no-transport', SERVICES, '^backend/src/(pipeline|commands|socket|http|database)/'),
    rule('services-know-no-database', SERVICES, 'node_modules/(mongoose|mongodb|socket\\.io|express)/'),
    ...SERVICE_FOLDERS.slice(0, -1).map((folder, index) =>
      rule(
        `${folder}-knows-no-folder-above`,
        `${SERVICES}${folder}/`,
        `${SERVICES}(${SERVICE_FOLDERS.slice(index + 1).join('|')})/`,
      ),
    ),
    ...FACES.map((folder) => ({
      name: `${folder.replace('/', '-')}-has-one-face`,
      severity: 'error',
      from: { path: '^backend/src/', pathNot: `^backend/src/${folder}/` },
      to: { path: `^backend/src/${folder}/`, pathNot: `^backend/src/${folder}/index\\.ts$` },
    })),
    rule('redis-knows-no-transport', '^backend/src/redis/', '^backend/src/(pipeline|socket|http|database)/'),
    rule(
      'services-know-no-redis',
      '^backend/src/(services|models|pipeline|commands|socket|http)/',
      '^backend/src/redis/',
    ),
    // Object stores, media workers and push providers are adapters of ports: only `app.ts` joins them. HTTP serves the embedded store.
    rule(
      'adapters-know-no-transport',
      '^backend/src/(storage|media|push)/',
      '^backend/src/(pipeline|commands|socket|http|database)/',
    ),
    rule(
      'services-know-no-adapters',
      '^backend/src/(utils|models|services|pipeline|commands|socket)/',
      '^backend/src/(storage|media|push)/',
    ),
    // Every request to another server passes the guard. Only `app.ts` joins it with its users, through a port.
    rule(
      'outgoing-knows-no-transport',
      '^backend/src/outgoing/',
      '^backend/src/(models|pipeline|commands|socket|http|database|storage|media)/',
    ),
    rule(
      'services-know-no-outgoing',
      '^backend/src/(utils|models|services|pipeline|commands|socket|http|media|storage)/',
      '^backend/src/outgoing/',
    ),
    {
      name: 'one-guard-for-outgoing-requests',
      severity: 'error',
      from: { path: '^backend/src/', pathNot: '^backend/src/outgoing/' },
      to: { path: 'node_modules/undici/' },
    },
    rule(
      'http-serves-the-embedded-store-only',
      '^backend/src/http/',
      '^backend/src/(storage/(?!embedded/)|media/|push/)',
    ),
    rule('pipeline-knows-no-transport', '^backend/src/pipeline/', '^backend/src/(commands|socket|http)/'),
    rule('socket-and-http-are-separate', '^backend/src/socket/', '^backend/src/http/'),
    rule('http-and-socket-are-separate', '^backend/src/http/', '^backend/src/socket/'),
    // The server runs in production without tools and without development dependencies.
    rule('server-uses-no-tools', '^(backend|contract)/', '^(tools|scripts|bench|test)/'),
    {
      name: 'server-uses-no-development-dependencies',
      severity: 'error',
      from: { path: '^(backend|contract)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    rule('packages-stand-alone', '^packages/', '^(backend|contract|tools|scripts|bench|test)/'),
    rule('server-uses-no-packages', '^(backend|contract)/', '^packages/'),
    ...CLIENT_FOLDERS.slice(0, -1).map((folder, index) =>
      rule(
        `client-${folder}-knows-no-folder-above`,
        `${CLIENT}${folder}/`,
        `${CLIENT}(${CLIENT_FOLDERS.slice(index + 1).join('|')})/`,
      ),
    ),
    {
      name: 'client-runs-everywhere',
      comment: 'Browsers and phones have no modules of Node, and apps install no development dependencies.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['core', 'npm-dev', 'npm-no-pkg'] },
    },
    {
      name: 'client-tabs-have-one-face',
      severity: 'error',
      from: { path: CLIENT, pathNot: `${CLIENT}tabs/` },
      to: { path: `${CLIENT}tabs/`, pathNot: `${CLIENT}tabs/index\\.ts$` },
    },
    {
      name: 'embedded-database-uses-utils-only',
      severity: 'error',
      from: { path: '^tools/embedded-database/' },
      to: { path: '^(backend|contract|scripts|bench|test)/', pathNot: '^backend/src/utils/' },
    },
    {
      name: 'embedded-database-has-one-face',
      severity: 'error',
      // Tests also look at its processes.
      from: { pathNot: '^(tools/embedded-database|test)/' },
      to: { path: '^tools/embedded-database/', pathNot: '^tools/embedded-database/index\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
