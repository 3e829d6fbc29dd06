// Metro bundles the app for phones from the sources of the packages, which stand outside of this folder.
const { join, resolve } = require('node:path');
const { getDefaultConfig } = require('expo/metro-config');

const packages = resolve(__dirname, '../packages');
/** Entries of our packages: `@parley/client/sqlite` is `packages/client/src/sqlite.ts`. */
const ENTRIES = { '@parley/client': 'client', '@parley/react': 'react', '@parley/react-native': 'ui' };
const NAME = /^(@parley\/[\w-]+)(?:\/([\w-]+))?$/;

const config = getDefaultConfig(__dirname);
config.watchFolders = [packages];
config.resolver.resolveRequest = (context, name, platform) => {
  const { resolveRequest } = context;
  const [, ours = '', entry = 'index'] = NAME.exec(name) ?? [];
  if (ours in ENTRIES) return resolveRequest(context, join(packages, ENTRIES[ours], 'src', entry), platform);
  const isInPackages = context.originModulePath.startsWith(packages);
  // React and the like exist once, in this folder: the packages would find those of the repository.
  if (isInPackages && !name.startsWith('.')) {
    return resolveRequest({ ...context, originModulePath: join(__dirname, 'package.json') }, name, platform);
  }
  // TypeScript names `./x.js` what is written in `./x.ts`, or in `./x.native.tsx`.
  const path = isInPackages ? name.replace(/\.js$/, '') : name;
  return resolveRequest(context, path, platform);
};

module.exports = config;
