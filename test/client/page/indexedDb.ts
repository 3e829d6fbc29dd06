/** Runs in a page of a real browser: the conformance suite, and tests of what only IndexedDB does. */
import { storageConformanceTests } from '../../../packages/client/src/storage/conformance.js';
import { indexedDbStorage } from '../../../packages/client/src/storage/indexedDb.js';
import type { StorageArea } from '../../../packages/client/src/storage/storage.js';

let databases = 0;

async function runAll(): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const { name, run } of storageConformanceTests) {
    const database = `conformance-${(databases += 1)}`;
    const createStorage = () => indexedDbStorage({ name: database });
    results[name] = await run({ createStorage, reopenStorage: createStorage }).then(() => 'passed', String);
  }
  return results;
}

const entry = (key: string, value: string) => [{ collection: 'outbox' as const, key, value }];

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A newer version of the app opens the database while this one uses it: it must not wait. Then this one is out of date. */
async function upgradeBeside(): Promise<string[]> {
  const area = await indexedDbStorage({ name: 'upgraded' }).open('ada');
  await area.write(entry('k', 'v'));
  const newer = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('upgraded', 99);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('the newer version could not open it'));
  });
  const refused = await area.readAll('outbox').then(
    () => 'read',
    () => 'rejected',
  );
  newer.close();
  return [refused];
}

/** The user clears the site's data while the app is open. */
async function deletedMeanwhile(): Promise<string[]> {
  const area = await indexedDbStorage({ name: 'deleted' }).open('ada');
  await area.write(entry('k', 'v'));
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('deleted');
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  const left = await area.readAll('outbox');
  await area.write(entry('again', 'v'));
  return [...left, ...(await area.readAll('outbox'))].map(({ key }) => key);
}

/** The browser refuses storage, as private windows and embedded pages may; then it allows it. */
async function refusedAtFirst(): Promise<string[]> {
  const original = Object.getOwnPropertyDescriptor(IDBFactory.prototype, 'open') ?? {};
  IDBFactory.prototype.open = () => {
    throw new DOMException('A mutation operation was attempted on a database that did not allow mutations.');
  };
  const storage = indexedDbStorage({ name: 'refused' });
  const first = await storage.open('ada').then(() => 'opened', messageOf);
  Object.defineProperty(IDBFactory.prototype, 'open', original);
  const second = await storage.open('ada').then(() => 'opened', messageOf);
  return [first, second];
}

/** Writes until the page is closed; `acknowledged` counts the writes that were. */
function writeForever(): void {
  const progress = { acknowledged: 0 };
  Object.assign(globalThis, { progress });
  void (async () => {
    const area = await indexedDbStorage({ name: 'killed' }).open('ada');
    for (let batch = 1; ; batch += 1) {
      await area.write(Array.from({ length: 50 }, (_, key) => entry(`${key}`, `${batch}`)).flat());
      progress.acknowledged = batch;
    }
  })();
}

async function readKilled(): Promise<string[]> {
  const area: StorageArea = await indexedDbStorage({ name: 'killed' }).open('ada');
  return (await area.readAll('outbox')).map(({ value }) => value);
}

const LEFT_IN = 'left';

/** Writes while the page is left, as a client does with what it has not stored yet. */
async function writeWhenLeft(value: string): Promise<void> {
  const area = await indexedDbStorage({ name: LEFT_IN }).open('ada');
  const writes = Array.from({ length: 50 }, (_, key) => entry(`${key}`, value)).flat();
  addEventListener('pagehide', () => void area.write(writes));
}

async function readLeft(): Promise<string[]> {
  const area = await indexedDbStorage({ name: LEFT_IN }).open('ada');
  return (await area.readAll('outbox')).map(({ value }) => value);
}

Object.assign(globalThis, {
  tests: {
    ...{ runAll, upgradeBeside, deletedMeanwhile, refusedAtFirst },
    ...{ writeForever, readKilled, writeWhenLeft, readLeft },
  },
});
