import { expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { showPresence } from '../support/presence.js';
import { until } from '../support/until.js';
import { Inspector } from './support/inspector.js';
import { startTwo } from './support/twoServers.js';

const watch = async (client: TestClient): Promise<string[]> =>
  (await client.ok('presence:watch', { userIds: ['bob'] })).presences.map(({ status }) => status);

async function startWatching() {
  const servers = await startTwo();
  const { a, b, redis } = servers;
  const [ann, carl] = await Promise.all([
    a.connectAs('ann'),
    a.connectAs('carl'),
    // A process whose users are all gone from Redis enters them again: Dan stays there.
    b.connectAs('bob'),
    b.connectAs('dan'),
  ]);
  for (const client of [ann, carl]) await client.open('bob');
  await showPresence(a, 'ann', 'bob', 'carl');
  const inspector = new Inspector(redis.url, a.databaseName);
  for (const userId of ['bob', 'dan'])
    await until(() => inspector.hasOnline(userId, 1), { what: `${userId} online` });
  expect(await watch(ann)).toEqual(['online']);
  return {
    ...{ ann, carl, a, redis, inspector },
    [Symbol.asyncDispose]: async () => {
      await inspector[Symbol.asyncDispose]();
      await servers[Symbol.asyncDispose]();
    },
  };
}

test('an unannounced change of presence that one user reads reaches everyone who watches on that process', async () => {
  await using watching = await startWatching();
  const { ann, carl, inspector } = watching;
  // As after the death of a process, before the others have noticed it.
  await inspector.dropOnline('bob');
  expect(await watch(carl)).toEqual(['offline']);
  await ann.next('presence', ({ userId, status }) => userId === 'bob' && status === 'offline');
  // The answer says it, so that no push has to.
  expect(carl.pushes('presence')).toEqual([]);
});

test('while Redis is away a reader hears what the others on that process were told last', async () => {
  await using watching = await startWatching();
  const { ann, carl, a, redis } = watching;
  await redis.kill();
  await until(async () =>
    (await fetch(`${a.url}/health/ready`)).text().then((text) => text.includes('degraded')),
  );
  expect(await watch(carl)).toEqual(['online']);
  expect(ann.pushes('presence')).toEqual([]);
});
