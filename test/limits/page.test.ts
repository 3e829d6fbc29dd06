import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { createConnection } from '../../page/src/connection.js';
import type { Connection } from '../../page/src/types.js';
import { endConnection, endWithNotice } from '../../backend/src/socket/connection/endConnection.js';
import type { ChatSocket } from '../../backend/src/socket/types.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** The web client's connection, in this process, to a real server. */
class Page implements Disposable {
  readonly changes: Connection[] = [];
  onlineTimes = 0;
  readonly connection: ReturnType<typeof createConnection>;
  readonly #sockets: ReturnType<typeof io>[] = [];

  constructor(server: TestServer) {
    const session = { userId: 'alice', token: server.token('alice'), name: undefined, isDemo: false };
    this.connection = createConnection({
      io: (options: object) => {
        const socket = io(server.url, { ...options, forceNew: true });
        this.#sockets.push(socket);
        return socket;
      },
      session,
      renew: () => Promise.resolve(session),
      onChange: (change) => this.changes.push(change),
      onOnline: () => (this.onlineTimes += 1),
      onOffline: () => undefined,
      onPush: () => undefined,
    });
    this.connection.start();
  }

  get status(): string | undefined {
    return this.changes.at(-1)?.status;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.removeAllListeners().disconnect();
  }
}

async function socketOf({ app }: TestServer): Promise<ChatSocket> {
  return await until(() => [...app.io.sockets.sockets.values()][0], { what: 'a connection' });
}

test('the page reconnects after it was closed for reading too slowly', async () => {
  await using server = await startServer();
  using page = new Page(server);
  await until(() => page.onlineTimes === 1);
  endConnection(await socketOf(server), 'SLOW');
  await until(() => page.status === 'waiting', { what: 'the end' });
  await until(() => page.onlineTimes === 2, { what: 'the return' });
  expect(await page.connection.ask('sync', {})).toMatchObject({ success: true });
});

test('the page does not reconnect when the user has opened it too often elsewhere', async () => {
  await using server = await startServer();
  using page = new Page(server);
  await until(() => page.onlineTimes === 1);
  endWithNotice(await socketOf(server), 'TOO_MANY_SOCKETS');
  await until(() => page.status === 'ended', { what: 'the end' });
  expect(page.changes.at(-1)).toMatchObject({ reason: expect.any(String) as string });
});

test('the page limits its concurrent requests: none is refused, however many there are', async () => {
  await using server = await startServer({ env: { MAX_COMMANDS_PER_SOCKET: '20' } });
  using page = new Page(server);
  await until(() => page.onlineTimes === 1);
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => page.connection.ask('getConversations', {})),
  );
  expect(answers.every(({ success }) => success)).toBe(true);
});

test('waiting requests are answered when the connection is lost', async () => {
  await using server = await startServer();
  using page = new Page(server);
  await until(() => page.onlineTimes === 1);
  const asking = Array.from({ length: 100 }, () => page.connection.ask('getConversations', {}));
  endConnection(await socketOf(server), 'SLOW');
  const answers = await Promise.all(asking);
  expect(answers.some(({ success }) => !success)).toBe(true);
  expect(answers).toHaveLength(100);
});
