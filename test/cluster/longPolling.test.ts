import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServerProcess } from '../support/serverProcess.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { workerOfNewSession } from './support.js';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start({ env: { WORKERS: '3' } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Returns one session of each of the three workers. */
async function sessionsOfAll(path: string): Promise<string[]> {
  const sessions = new Map<number, string>();
  await until(async () => {
    const { text } = await ask(new Agent({ keepAlive: false }), path);
    const sid = /"sid":"([^"]+)"/.exec(text)?.[1] ?? '';
    sessions.set(Number(sid.split('-')[0]), sid);
    return sessions.size === 3;
  });
  return [...sessions.values()];
}

/** Sends a request over the single connection of this agent. */
function ask(
  agent: Agent,
  url: string,
  options: { method?: string; body?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: options.method ?? 'GET' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

test.each([
  { transports: ['polling'] as const, ends: 'polling' },
  { transports: ['polling', 'websocket'] as const, ends: 'websocket' },
])('clients that begin with long polling ($transports) stay with their worker', async (row) => {
  const clients = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      server.connectAs(`user-${index}`, { transports: [...row.transports] }),
    ),
  );
  let lost = 0;
  for (const { socket } of clients) socket.on('disconnect', () => (lost += 1));
  const conversationIds = await Promise.all(clients.map((client) => client.open('somebody')));
  // Long contents arrive in several chunks.
  for (const content of ['short', 'x'.repeat(7_900), 'ü'.repeat(7_900)]) {
    const sends = clients.map((client, index) => client.send(conversationIds[index] ?? '', content));
    for (const answer of await Promise.all(sends))
      expect(answer).toMatchObject({ success: true, data: { content } });
  }
  await until(() => clients.every(({ socket }) => socket.io.engine.transport.name === row.ends));
  expect(lost).toBe(0);
  for (const client of clients) client.close();
});

test('sessions of several workers over one connection, as behind a proxy that keeps connections, each get their own', async () => {
  using agent = new OneConnection();
  const path = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const sids = await sessionsOfAll(path);
  let user = 0;
  for (const sid of sids) {
    user += 1;
    const body = `40${JSON.stringify({ token: makeToken(`user-${user}`) })}`;
    expect(await ask(agent, `${path}&sid=${sid}`, { method: 'POST', body })).toEqual({
      status: 200,
      text: 'ok',
    });
  }
  for (const sid of sids) {
    const { status, text } = await ask(agent, `${path}&sid=${sid}`);
    expect(status).toBe(200);
    expect(text).toMatch(/^40\{"sid":/);
  }
  expect(agent.opened).toBe(1);
});

test('a connection that moves from worker to worker with every request loses nothing', async () => {
  const path = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const sids = await sessionsOfAll(path);
  const MOVES = 60;
  const visits = Array.from({ length: 25 }, async () => {
    using agent = new OneConnection();
    for (let index = 0; index < MOVES; index += 1) {
      // Sends a packet that needs no answer.
      const url = `${path}&sid=${sids[index % sids.length] ?? ''}`;
      expect(await ask(agent, url, { method: 'POST', body: '6' })).toEqual({ status: 200, text: 'ok' });
    }
    return agent.opened;
  });
  expect(new Set(await Promise.all(visits))).toEqual(new Set([1]));
});

test('a session of a worker that is gone, or that never was, is unknown, at once', async () => {
  await workerOfNewSession(server.url);
  for (const sid of ['99-abcdefghijklmnopqrst', '999999999-x', '2-abcdefghijklmnopqrst', '0-', 'abc']) {
    for (const method of ['GET', 'POST']) {
      using agent = new OneConnection();
      const { status, text } = await ask(
        agent,
        `${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`,
        method === 'POST' ? { method, body: '2' } : {},
      );
      expect({ sid, method, status, text }).toMatchObject({
        status: 400,
        text: /Session ID unknown/.exec(text)?.input,
      });
    }
  }
});

test('a body that is too large is refused before it travels', async () => {
  const own = await workerOfNewSession(server.url);
  for (const worker of [1, 2, 3].filter((id) => id !== own)) {
    using agent = new OneConnection();
    const url = `${server.url}/socket.io/?EIO=4&transport=polling&sid=${worker}-abcdefghijklmnopqrst`;
    const answer = await ask(agent, url, { method: 'POST', body: 'x'.repeat(2_000_000) }).catch(
      (error: unknown) => ({ status: error instanceof Error && 'code' in error ? error.code : error }),
    );
    expect([400, 413, 'ECONNRESET', 'EPIPE']).toContain(answer.status);
  }
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
});

/** An agent that counts its connections; there must be only one. */
class OneConnection extends Agent implements Disposable {
  opened = 0;

  constructor() {
    super({ keepAlive: true, maxSockets: 1 });
  }

  override createConnection(
    ...args: Parameters<Agent['createConnection']>
  ): ReturnType<Agent['createConnection']> {
    this.opened += 1;
    return super.createConnection(...args);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
