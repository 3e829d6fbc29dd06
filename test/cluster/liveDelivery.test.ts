import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { showPresence } from '../support/presence.js';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start({ env: { WORKERS: '2' } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** The number that the worker of a connection begins its session ids with. */
const workerOf = ({ socket }: TestClient): string => socket.io.engine.id.split('-')[0] ?? '';

/** A connection on another worker than the given one's: round robin brings it soon. */
async function connectElsewhere(userId: string, than: TestClient): Promise<TestClient> {
  for (;;) {
    const client = await server.connectAs(userId);
    if (workerOf(client) !== workerOf(than)) return client;
    client.close();
  }
}

test('people on two workers hear each other and see each other come and go, without Redis', async () => {
  const ann = await server.connectAs('ann');
  const conversationId = await ann.open('bob');
  await showPresence(server, 'ann', 'bob');
  await until(async () => (await ann.ok('presence:watch', { userIds: ['bob'] })).presences.length > 0, {
    what: 'what both show, on every worker',
  });
  const bob = await connectElsewhere('bob', ann);
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

test('tokens revoked on one worker end the sockets of the other (promise 6)', async () => {
  const one = await server.connectAs('dee');
  const two = await connectElsewhere('dee', one);
  expect((await server.api('dee').post('/api/users/me/revoke-tokens')).status).toBe(200);
  await until(() => !one.socket.connected && !two.socket.connected, { what: 'both ended' });
});
