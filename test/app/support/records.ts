import type { AppWindow } from './appWindow.js';

/** Returns the keys and values of every record in IndexedDB of the app's origin. */
export const storedRecords = (window: Pick<AppWindow, 'page'>): Promise<unknown[]> =>
  window.page.evaluate<unknown[]>(`(async () => {
    const settled = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const found = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const records = database.transaction(store).objectStore(store);
        found.push(...await settled(records.getAllKeys()), ...await settled(records.getAll()));
      }
      database.close();
    }
    return found;
  })()`);
