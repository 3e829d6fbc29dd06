import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { RawConnection } from '../contract/support/rawConnection.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

describe('connections of one user', () => {
  test('are limited: the oldest is closed and told not to reconnect, the newest is served', async () => {
    await using server = await startServer({ env: { MAX_SOCKETS_PER_USER: '3' } });
    const sockets = [];
    for (let index = 0; index < 4; index += 1) sockets.push(await server.connectAs('alice'));
    const [oldest, ...others] = sockets;
    if (oldest === undefined) throw new Error('nobody connected');
    expect(await oldest.next('connection:ended')).toMatchObject({
      code: 'TOO_MANY_SOCKETS',
      reconnect: false,
    });
    await until(() => !oldest.socket.connected);
    for (const client of others) await client.ok('getConversations', {});
    expect(server.app.io.sockets.sockets.size).toBe(3);
    const bob = await server.connectAs('bob');
    expect(bob.socket.connected).toBe(true);
  });

  test('that use long polling are closed the same way', async () => {
    await using server = await startServer({ env: { MAX_SOCKETS_PER_USER: '1' } });
    const oldest = await server.connectAs('alice', { transports: ['polling'] });
    await server.connectAs('alice');
    expect(await oldest.next('connection:ended')).toMatchObject({ code: 'TOO_MANY_SOCKETS' });
    await until(() => !oldest.socket.connected);
  });

  test('are not counted twice when a token is renewed', async () => {
    await using server = await startServer({ env: { MAX_SOCKETS_PER_USER: '2' } });
    const [one, two] = [await server.connectAs('alice'), await server.connectAs('alice')];
    for (let index = 0; index < 5; index += 1) {
      await one.ok('auth:refresh', { token: server.token('alice') });
    }
    expect(one.socket.connected && two.socket.connected).toBe(true);
  });
});

describe('an address', () => {
  const statusesOf = async (server: TestServer, forwarded: (index: number) => string, count = 6) => {
    const statuses = [];
    for (let index = 0; index < count; index += 1) {
      const response = await fetch(`${server.url}/api/unread`, {
        headers: { authorization: 'Bearer not.a.token', 'x-forwarded-for': forwarded(index) },
      });
      statuses.push(response.status);
    }
    return statuses;
  };

  test('that sends bad tokens is slowed down, and good tokens from it still work', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'badToken=3/60s' } });
    expect(await statusesOf(server, () => '203.0.113.7', 5)).toEqual([401, 401, 401, 429, 429]);
    await expect(server.connectAs('alice', { token: 'not.a.token' })).rejects.toMatchObject({
      data: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) as number },
    });
    expect((await server.api('alice').get('/api/unread')).status).toBe(200);
    const alice = await server.connectAs('alice');
    expect(alice.socket.connected).toBe(true);
  });

  test('is the remote end of the connection: X-Forwarded-For is ignored by default', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'badToken=3/60s' } });
    expect(await statusesOf(server, (index) => `203.0.113.${index}`)).toEqual([401, 401, 401, 429, 429, 429]);
  });

  test('is the one seen by the trusted proxy, whatever the client sent to it', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'badToken=3/60s', TRUST_PROXY: '1' } });
    const lying = (index: number) => `198.51.100.${index}, 203.0.113.7`;
    expect(await statusesOf(server, lying)).toEqual([401, 401, 401, 429, 429, 429]);
    expect(await statusesOf(server, () => '203.0.113.8', 1)).toEqual([401]);
  });

  test('that opens too many connections is refused before anything is stored, and told when to retry', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'connect=5/60s' } });
    const poll = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const responses = [];
    for (let index = 0; index < 8; index += 1) responses.push(await fetch(poll));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 403, 403, 403]);
    expect(Number(responses[7]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(server.app.io.engine.clientsCount).toBe(5);
    await expect(server.connectAs('alice')).rejects.toThrow();
  });
});

test('a connection that ends during its handshake is not left behind without a user', async () => {
  await using server = await startServer();
  await using raw = await RawConnection.connect(server.url, server.token('alice'));
  expect(server.app.io.engine.clientsCount).toBe(1);
  raw.sendText('41');
  await raw.closed();
  await until(() => server.app.io.engine.clientsCount === 0);
});

test('a process accepts a limited number of connections', async () => {
  await using server = await startServer({ env: { MAX_SOCKETS: '2' } });
  const alice = await server.connectAs('alice');
  await server.connectAs('bob');
  await expect(server.connectAs('carol')).rejects.toThrow();
  alice.close();
  await until(() => server.app.io.engine.clientsCount === 1);
  await server.connectAs('carol');
});

describe('raw requests', () => {
  /** Sends bytes, then nothing more. @returns the answer of the server until it closes the connection. */
  async function sayAndWait(server: TestServer, bytes: string): Promise<string> {
    const socket = connect({ port: server.app.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    socket.write(bytes);
    await once(socket, 'close');
    return heard;
  }

  test('whose headers never end are closed within seconds', async () => {
    await using server = await startServer();
    expect(await sayAndWait(server, 'GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toContain(
      '408 Request Timeout',
    );
  });

  test('with headers beyond 16 KB are refused', async () => {
    await using server = await startServer();
    const heard = await sayAndWait(
      server,
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(17_000)}\r\n\r\n`,
    );
    expect(heard).toContain('431 Request Header Fields Too Large');
  });
});
