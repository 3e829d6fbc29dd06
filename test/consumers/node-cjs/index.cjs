// Node with CommonJS: every entry is loaded by `require`, and shares its classes with the others.
const assert = require('node:assert/strict');
const { createParleyClient, memoryStorage, ParleyError, RETRY } = require('@parley/client');
const { sqliteStorage } = require('@parley/client/sqlite');
const { indexedDbStorage } = require('@parley/client/indexeddb');
const { storageConformanceTests } = require('@parley/client/storage-conformance');
const selectors = require('@parley/client/selectors');

async function main() {
  assert.equal(RETRY.RATE_LIMITED, 'later');
  assert.ok(storageConformanceTests.length > 10);
  for (const made of [sqliteStorage, indexedDbStorage, selectors.totalUnread])
    assert.equal(typeof made, 'function');
  const client = createParleyClient({
    url: 'http://127.0.0.1:9',
    userId: 'ada',
    storage: memoryStorage(),
    getToken: () => Promise.reject(new Error('offline')),
  });
  await client.connect();
  await assert.rejects(
    client.command('getPrivacy', {}),
    (error) => error instanceof ParleyError && error.code === 'OFFLINE',
  );
  await client.dispose();
  console.log('ok');
}

void main();
