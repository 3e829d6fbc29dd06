/**
 * The native TypeScript compiler. The package `typescript` is one version older: typescript-eslint needs the programming
 * interface that the native one does not have.
 */
export const TSC = 'node_modules/typescript-native/bin/tsc';
