import { expect, test } from 'vitest';
import { CLOSE_CODES, DROPPED_ABOVE, LIMITS, type UserId } from '../../contract/index.js';
import { endConnection } from '../../backend/src/socket/connection/endConnection.js';
import { RawConnection } from '../contract/support/rawConnection.js';
import { INSPECTABLE, liveBytesOf } from '../support/liveBytes.js';
import { ServerProcess } from '../support/serverProcess.js';
import { startServer, type TestServer } from '../support/server.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { allMessages, scrape, sendWhile, untilMetric } from './support/traffic.js';
import { showPresence } from '../support/presence.js';

const CLOSED = 'parley_slow_connections_closed_total';
const LARGEST = 'parley_socket_max_buffered_bytes';
/** Upper bound of one push of a long message, in bytes. */
const ONE_PUSH_BYTES = 40_000;
/** Allowed memory growth of a server while 50 MB are sent to readers that do not read. */
const MEMORY_GROWTH_BYTES = 30 * 1024 * 1024;

test('connections that stop reading are closed, memory stays flat, others are served, and sync returns everything', async () => {
  await using server = await ServerProcess.start({
    env: { MAX_SOCKETS_PER_USER: '100' },
    nodeArgs: INSPECTABLE,
  });
  await using alice = await server.connectAs('alice');
  await using carol = await server.connectAs('carol');
  await using dan = await server.connectAs('dan');
  const conversationId = await alice.open('bob');
  const other = await carol.open('dan');
  const slow = await Promise.all(
    Array.from({ length: 10 }, () => RawConnection.connect(server.url, makeToken('bob'))),
  );
  const beforeBytes = await liveBytesOf(server);
  for (const reader of slow) reader.stopReading();
  let largestBytes = 0;
  let mostBytes = 0;
  const sent = await sendWhile(alice, conversationId, {
    goOn: async (count) => {
      largestBytes = Math.max(largestBytes, await scrape(server.url, LARGEST));
      // A garbage collection stops the server briefly, so only some of the messages are followed by one.
      if (count % 200 === 0) mostBytes = Math.max(mostBytes, await liveBytesOf(server));
      const talk = await carol.send(other, `still there? ${count}`);
      expect(talk.success).toBe(true);
      return count < 1_500;
    },
  });
  await dan.next('message:new', ({ content }) => content === `still there? ${sent}`);
  await untilMetric(server.url, CLOSED, slow.length);
  expect(largestBytes).toBeLessThan(LIMITS.maxWaitingBytesPerSocket + ONE_PUSH_BYTES);
  expect(mostBytes - beforeBytes).toBeLessThan(MEMORY_GROWTH_BYTES);
  await using back = await server.connectAs('bob');
  expect(await allMessages(back, conversationId)).toEqual(
    Array.from({ length: sent }, (_, index) => index + 1),
  );
  for (const reader of slow) await reader[Symbol.asyncDispose]();
});

test('a slow reader that reads again soon gets the close code, and one that never does is cut', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  await using honest = await RawConnection.connect(server.url, server.token('bob'));
  await using hostile = await RawConnection.connect(server.url, server.token('bob'));
  honest.stopReading();
  hostile.stopReading();
  await sendWhile(alice, conversationId, { goOn: async () => (await server.metric(CLOSED)) < 2 });
  expect(server.app.io.sockets.adapter.rooms.get('user:bob')).toBeUndefined();
  honest.resumeReading();
  await honest.closed();
  expect(honest.closeCode).toBe(CLOSE_CODES.SLOW.status);
  // Only Alice is left: the server has cut the other one, which does not look.
  await until(async () => (await countConnections(server)) === 1, { what: 'the cut' });
  expect(hostile.isClosed).toBe(false);
});

const countConnections = ({ app }: TestServer): Promise<number> =>
  new Promise((resolve, reject) =>
    app.http.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );

test('a Socket.IO client finds the code in the details of its disconnect', async () => {
  await using server = await startServer();
  const bob = await server.connectAs('bob');
  const details: unknown[] = [];
  bob.socket.on('disconnect', (...args) => details.push(args));
  const [socket] = server.app.io.sockets.sockets.values();
  if (socket !== undefined) endConnection(socket, 'SLOW');
  await until(() => details.length > 0);
  expect(details[0]).toMatchObject(['transport close', { context: { code: CLOSE_CODES.SLOW.status } }]);
});

test('a client that requests history and never reads is closed', async () => {
  await using server = await startServer({ env: { MAX_COMMANDS_PER_SOCKET: '100' } });
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  await sendWhile(alice, conversationId, { goOn: (sent) => sent < 20 });
  await using greedy = await RawConnection.connect(server.url, server.token('bob'));
  greedy.stopReading();
  await until(
    async () => {
      // Slowly enough not to count as a flood.
      for (let index = 0; index < 15; index += 1) {
        greedy.sendText(`42${index}${JSON.stringify(['getMessages', { conversationId, limit: 200 }])}`);
      }
      return (await server.metric(CLOSED)) > 0;
    },
    { everyMs: 300, what: 'the end of the greedy one' },
  );
  expect((await alice.send(conversationId, 'and the others go on')).success).toBe(true);
});

test('a long-polling client that stops polling is closed, and receives everything when it reconnects', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  const poll = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(poll)).text()).slice(1)) as { sid: string };
  const post = (body: string) => fetch(`${poll}&sid=${sid}`, { method: 'POST', body });
  await post(`40${JSON.stringify({ token: server.token('bob') })}`);
  expect(await (await fetch(`${poll}&sid=${sid}`)).text()).toContain('40{"sid"');
  let largestBytes = 0;
  const sent = await sendWhile(alice, conversationId, {
    goOn: async () => {
      largestBytes = Math.max(largestBytes, await server.metric(LARGEST));
      return (await server.metric(CLOSED)) === 0;
    },
  });
  expect(largestBytes).toBeGreaterThan(0);
  expect(largestBytes).toBeLessThan(LIMITS.maxWaitingBytesPerSocket + ONE_PUSH_BYTES);
  expect((await fetch(`${poll}&sid=${sid}`)).status).toBe(400);
  const back = await server.connectAs('bob', { transports: ['polling'] });
  expect(await allMessages(back, conversationId)).toHaveLength(sent);
});

test('a slow reader misses typing first, then presence, then receipts, and never a message silently', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const carol = await server.connectAs('carol');
  const conversationId = await alice.open('bob');
  const other = await carol.open('bob');
  await showPresence(server, 'bob', 'carol');
  // A long-polling connection reads nothing between polls, so the waiting bytes are known exactly.
  const poll = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(poll)).text()).slice(1)) as { sid: string };
  const post = (body: string) => fetch(`${poll}&sid=${sid}`, { method: 'POST', body });
  const read = async () => await (await fetch(`${poll}&sid=${sid}`)).text();
  await post(`40${JSON.stringify({ token: server.token('bob') })}`);
  await read();
  await post(`421${JSON.stringify(['presence:watch', { userIds: ['carol'] }])}`);
  await read();
  for (let seq = 1; seq <= 4; seq += 1) {
    const message = { content: `${seq}`, clientMessageId: crypto.randomUUID() };
    await server.api('bob').post(`/api/conversations/${conversationId}/messages`, message);
  }
  let stage = 0;
  const provoke = async (): Promise<string[]> => {
    stage += 1;
    await alice.ok('typing', { conversationId, typing: true });
    await alice.ok('message:read', { conversationId, seq: stage });
    const { presence } = server.app.services;
    presence.disconnected(carol.userId as UserId, carol.socket.id ?? '');
    await until(async () => (await presence.read(['carol' as UserId]))[0]?.status === 'offline');
    presence.connected(carol.userId as UserId, carol.socket.id ?? '');
    return await droppedPushes(server);
  };
  const fillTo = (share: number) =>
    sendWhile(carol, other, {
      goOn: async () => (await server.metric(LARGEST)) <= LIMITS.maxWaitingBytesPerSocket * share,
      atATime: 1,
    });
  expect(await provoke()).toEqual([]);
  await fillTo(DROPPED_ABOVE.typing);
  expect(await provoke()).toEqual(['typing']);
  await fillTo(DROPPED_ABOVE.presence);
  expect(await provoke()).toEqual(['presence', 'typing']);
  await fillTo(DROPPED_ABOVE.receipt);
  expect(await provoke()).toEqual(['message:status', 'presence', 'typing']);
  const sent = (await allMessages(carol, other)).length;
  const heard = await read();
  expect(heard.split('"message:new"').length - 1).toBeGreaterThanOrEqual(sent);
  expect(await server.metric(CLOSED)).toBe(0);
});

async function droppedPushes({ app }: TestServer): Promise<string[]> {
  const { values } = await app.metrics.droppedPushes.get();
  return values.map(({ labels }) => String(labels.event)).sort();
}
