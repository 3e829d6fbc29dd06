// Node with ES modules: the packed package resolves, and a client works without a network.
import assert from 'node:assert/strict';
import { createParleyClient, memoryStorage, ParleyError } from '@parley/client';
import { indexedDbStorage } from '@parley/client/indexeddb';
import { totalUnread } from '@parley/client/selectors';
import { sqliteStorage } from '@parley/client/sqlite';
import { storageConformanceTests } from '@parley/client/storage-conformance';

for (const { name, run } of storageConformanceTests) {
  const storage = memoryStorage();
  await run({ createStorage: () => storage }).catch((error) => assert.fail(`${name}: ${error.message}`));
}
await assert.rejects(indexedDbStorage().open('ada'), /no IndexedDB/);
assert.equal(typeof sqliteStorage, 'function');

const client = createParleyClient({
  url: 'http://127.0.0.1:9',
  userId: 'ada',
  getToken: () => Promise.reject(new Error('offline')),
});
await client.connect();
const { clientMessageId, stored, persisted } = client
  .conversation('0123456789abcdef01234567')
  .sendMessage({ text: 'hello' });
await persisted;
assert.equal(client.outbox.getPending()[0]?.clientMessageId, clientMessageId);
assert.equal(totalUnread(client.state.getSnapshot()), 0);
await assert.rejects(
  client.command('getPrivacy', {}),
  (error) => error instanceof ParleyError && error.code === 'OFFLINE',
);
client.outbox.discard(clientMessageId);
await assert.rejects(stored, { code: 'DISCARDED' });
await client.dispose();
console.log('ok');
