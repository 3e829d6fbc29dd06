/** Arrows point down and never turn: contract <- utils <- models <- services <- pipeline <- socket | http <- app; redis holds adapters. */
const layer = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    layer('contract-stands-alone', '^contract/', '^backend/'),
    layer(
      'utils-know-nothing-above',
      '^backend/src/utils/',
      '^backend/src/(models|services|pipeline|socket|http|database)/',
    ),
    layer(
      'models-know-nothing-above',
      '^backend/src/models/',
      '^backend/src/(services|pipeline|socket|http|database)/',
    ),
    layer(
      'services-know-no-transport',
      '^backend/src/services/',
      '^backend/src/(pipeline|socket|http|database)/',
    ),
    layer(
      'services-know-no-database',
      '^backend/src/services/',
      'node_modules/(mongoose|mongodb|socket\\.io|express)/',
    ),
    layer('redis-knows-no-transport', '^backend/src/redis/', '^backend/src/(pipeline|socket|http|database)/'),
    layer(
      'services-know-no-redis',
      '^backend/src/(services|models|pipeline|socket|http)/',
      '^backend/src/redis/',
    ),
    layer('pipeline-knows-no-transport', '^backend/src/pipeline/', '^backend/src/(socket|http)/'),
    layer('socket-and-http-are-apart', '^backend/src/socket/', '^backend/src/http/'),
    layer('http-and-socket-are-apart', '^backend/src/http/', '^backend/src/socket/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
