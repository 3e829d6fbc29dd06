// Bundles `index.js` as a release build of a React Native app does, without React Native itself.
const Metro = require('metro');
const { getDefaultConfig, mergeConfig } = require('@react-native/metro-config');

async function main() {
  const defaults = getDefaultConfig(__dirname);
  const config = mergeConfig(defaults, {
    resetCache: false,
    reporter: { update: () => undefined },
    maxWorkers: 1,
    resolver: { platforms: ['android', 'ios'] },
    serializer: {
      // React Native's own start-up code is not installed here.
      getModulesRunBeforeMainModule: () => [],
      getPolyfills: () => require('@react-native/js-polyfills')(),
    },
    transformer: { asyncRequireModulePath: 'metro-runtime/src/modules/asyncRequire' },
  });
  await Metro.runBuild(config, {
    entry: 'index.js',
    platform: 'android',
    dev: false,
    minify: true,
    out: `${__dirname}/out/app.js`,
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
