import { expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { RedisServer } from '../support/redisServer.js';
import { newDatabaseName } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';

/** Returns how many of `count` concurrent sends, half by each connection, are stored. */
async function storedOf(
  count: number,
  conversationId: string,
  [a, b]: readonly [TestClient, TestClient],
): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) => (index % 2 === 0 ? a : b).send(conversationId, `${index}`)),
  );
  for (const answer of answers) {
    if (!answer.success) expect(answer).toMatchObject({ code: 'RATE_LIMITED' });
  }
  return answers.filter((answer) => answer.success).length;
}

test('a user has one limit over two server processes; without Redis one on each, and no call waits for it', async () => {
  await using redis = await RedisServer.start();
  const options = {
    databaseName: newDatabaseName(),
    env: { REDIS_URL: redis.url, RATE_LIMITS: 'send=30/600s,open=1000/1s' },
  };
  await using one = await ServerProcess.start(options);
  await using two = await ServerProcess.start(options);
  const connect = async (userId: string) =>
    [await one.connectAs(userId), await two.connectAs(userId)] as const;
  /** Retries with another user: on a busy machine Redis may seem unreachable for a moment. */
  const untilOneLimit = () =>
    until(
      async () => {
        const person = await connect(`p${crypto.randomUUID()}`);
        const stored = await storedOf(200, await person[0].open('bob'), person);
        for (const client of person) client.close();
        return stored === 30;
      },
      { everyMs: 1_200, what: 'one limit over both' },
    );
  await untilOneLimit();

  // Redis is paused, not down: each process decides on its own.
  const bob = await connect('bob');
  redis.pause();
  expect(await storedOf(200, await bob[0].open('dan'), bob)).toBe(60);
  redis.resume();
  const carol = await connect('carol');
  const ofCarol = await carol[0].open('dan');
  await redis.kill();
  expect(await storedOf(200, ofCarol, carol)).toBe(60);
  await redis.restart();
  await untilOneLimit();
  for (const client of [...bob, ...carol]) client.close();
});
