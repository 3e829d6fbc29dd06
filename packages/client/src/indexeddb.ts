/** Storage for browsers: `import { indexedDbStorage } from '@parley/client/indexeddb'`. */
export { indexedDbStorage, type IndexedDbOptions } from './storage/indexedDb.js';
