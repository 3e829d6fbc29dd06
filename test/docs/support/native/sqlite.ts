/** Stands for `@parley/client/sqlite` in a page, where there is no SQLite (test/client/storage tests the real one). */
export { memoryStorage as sqliteStorage } from '../../../../packages/client/src/index.js';
