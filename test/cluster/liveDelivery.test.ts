import { expect, test, vi } from 'vitest';
import type { TestClient } from '../support/client.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';

vi.setConfig({ testTimeout: 60_000 });

/** The number that the worker of a connection begins its session ids with. */
const workerOf = ({ socket }: TestClient): string => socket.io.engine.id.split('-')[0] ?? '';

/** A connection on another worker than the given one's: round robin brings it soon. */
async function connectElsewhere(
  server: ServerProcess,
  userId: string,
  than: TestClient,
): Promise<TestClient> {
  for (;;) {
    const client = await server.connectAs(userId);
    if (workerOf(client) !== workerOf(than)) return client;
    client.close();
  }
}

test('people on two workers hear each other and see each other come and go, without Redis', async () => {
  await using server = await ServerProcess.start({ env: { WORKERS: '2' } });
  const ann = await server.connectAs('ann');
  const conversationId = await ann.open('bob');
  await ann.ok('presence:watch', { userIds: ['bob'] });
  const bob = await connectElsewhere(server, 'bob', ann);
  await ann.next('presence', ({ status }) => status === 'online');
  const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
  await Promise.all(texts.map((text) => ann.send(conversationId, text)));
  await bob.next('message:new', ({ seq }) => seq === 30);
  expect(bob.pushes('message:new').map(({ content }) => content)).toEqual(texts);
  await bob.ok('message:read', { conversationId, seq: 30 });
  await ann.next('message:status', ({ userId, readSeq }) => userId === 'bob' && readSeq === 30);
  bob.close();
  await ann.next('presence', ({ status }) => status === 'offline');
});

test('tokens revoked on one worker end the sockets of the other (invariant 6)', async () => {
  await using server = await ServerProcess.start({ env: { WORKERS: '2' } });
  const one = await server.connectAs('ann');
  const two = await connectElsewhere(server, 'ann', one);
  expect((await server.api('ann').post('/api/users/me/revoke-tokens')).status).toBe(200);
  await until(() => !one.socket.connected && !two.socket.connected, { what: 'both ended' });
});
