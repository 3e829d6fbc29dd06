// Metro bundles the app for phones from the sources of the app and of the packages, which stand outside of this folder.
const { realpathSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { getDefaultConfig } = require('expo/metro-config');
const { FileStore } = require('metro-cache');

const packages = resolve(__dirname, '../../packages');
const sources = [packages, resolve(__dirname, '../src')];
/** Entries of our packages: `@parley/client/sqlite` is `packages/client/src/sqlite.ts`. */
const ENTRIES = { '@parley/client': 'client', '@parley/react': 'react', '@parley/react-native': 'ui' };
const NAME = /^(@parley\/[\w-]+)(?:\/([\w-]+))?$/;

const config = getDefaultConfig(__dirname);
// The installed packages may be a link into a folder that several checkouts share.
config.watchFolders = [...sources, realpathSync(join(__dirname, 'node_modules'))];
config.resolver.resolveRequest = (context, name, platform) => {
  const { resolveRequest } = context;
  const [, ours = '', entry = 'index'] = NAME.exec(name) ?? [];
  if (ours in ENTRIES) return resolveRequest(context, join(packages, ENTRIES[ours], 'src', entry), platform);
  const isOurs = sources.some((folder) => context.originModulePath.startsWith(folder));
  // React and the like exist once, in this folder: our sources would find those of the repository.
  if (isOurs && !name.startsWith('.')) {
    return resolveRequest({ ...context, originModulePath: join(__dirname, 'package.json') }, name, platform);
  }
  // TypeScript names `./x.js` what is written in `./x.ts`, or in `./x.native.tsx`.
  const path = isOurs ? name.replace(/\.js$/, '') : name;
  return resolveRequest(context, path, platform);
};

// Results by content, which several checkouts share.
const { METRO_CACHE } = process.env;
if (METRO_CACHE !== undefined) config.cacheStores = [new FileStore({ root: METRO_CACHE })];

module.exports = config;
