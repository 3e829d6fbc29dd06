import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Answer } from '../../contract/index.js';
import { makeToken } from '../support/tokens.js';
import { identify, isRunning, listDescendants } from '../../tools/embedded-database/processes.js';
import { machineEnv } from '../support/machineEnv.js';
import { serverEnv } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { fetchApart, readyPids, scrape, untilLogged, watchEnd, workerOfNewSession } from './support.js';

const SERVER = fileURLToPath(new URL('../../dist/backend/src/index.js', import.meta.url));

const start = (env: Record<string, string> = {}): Promise<ServerProcess> =>
  ServerProcess.start({ env: { WORKERS: '2', ...env } });

test('two workers answer on one port, which is announced when both are ready', async () => {
  await using server = await start();
  expect(readyPids(server)).toHaveLength(2);
  const seen = new Set<number>();
  await until(async () => seen.add(await workerOfNewSession(server.url)).size === 2);
  expect(seen).toEqual(new Set([1, 2]));
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
});

test.each(['0', '65', 'many', '1.5'])('WORKERS=%s is refused with a sentence', async (WORKERS) => {
  await expect(start({ WORKERS })).rejects.toThrow(/Parley cannot start\. WORKERS: must be .*\.\n/);
});

test('a port that is taken is refused with a sentence, and no process remains', async () => {
  await using first = await start();
  await expect(ServerProcess.start({ port: first.port, env: { WORKERS: '2' } })).rejects.toThrow(
    /Parley cannot start\. .*EADDRINUSE/,
  );
  expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
});

test('workers that start together agree on the generated secret and the demo users', async () => {
  await using server = await start({ WORKERS: '4', JWT_SECRET: '', DEMO: 'true' });
  const response = await fetchApart(`${server.url}/api/demo`);
  const demo = (await response.json()) as Answer<{ users: { token: string }[] }>;
  const token = demo.success ? demo.data.users[0]?.token : undefined;
  const seen = new Set<number>();
  await until(async () => seen.add(await workerOfNewSession(server.url)).size === 4);
  const replies = await Promise.all(
    Array.from({ length: 24 }, () =>
      fetchApart(`${server.url}/api/conversations`, { authorization: `Bearer ${token ?? ''}` }),
    ),
  );
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
});

test('a worker that is killed is replaced, and connections of the other one stay', async () => {
  await using server = await start();
  const clients = await Promise.all(
    Array.from({ length: 8 }, (_, index) => server.connectAs(`user-${index}`)),
  );
  const [victim] = readyPids(server);
  process.kill(victim ?? 0, 'SIGKILL');
  await until(() => readyPids(server).length === 3, { what: 'a new worker' });
  const seen = new Set<number>();
  await until(async () => seen.add(await workerOfNewSession(server.url)).size === 2);
  expect(seen).toEqual(new Set([2, 3]));
  const connected = clients.filter(({ socket }) => socket.connected);
  expect(connected.length).toBeGreaterThan(0);
  expect(connected.length).toBeLessThan(clients.length);
  for (const client of connected) await client.ok('getConversations', {});
  expect(await scrape(server.url, 'parley_workers')).toBe(2);
  expect(await scrape(server.url, 'parley_worker_restarts_total')).toBe(1);
  for (const client of clients) client.close();
});

test('on SIGTERM all workers announce the end and exit with 0, and no process is left', async () => {
  await using server = await start();
  const clients = await Promise.all(
    Array.from({ length: 8 }, (_, index) => server.connectAs(`user-${index}`)),
  );
  const ended = watchEnd(server);
  server.signal('SIGTERM');
  expect(await server.exited()).toBe(0);
  await ended();
  for (const client of clients) await client.next('server:draining', ({ reconnect }) => reconnect);
});

test('on SIGTERM while its workers still start, it exits with 0, and no process is left', async () => {
  for (const processes of [2, 3]) {
    const child = spawn(process.execPath, [SERVER], {
      env: { ...machineEnv(), ...serverEnv({ env: { WORKERS: '3' } }) },
    });
    try {
      const pid = child.pid ?? 0;
      await until(() => listDescendants(pid).length >= processes);
      const started = listDescendants(pid).map(identify);
      child.kill('SIGTERM');
      await once(child, 'exit');
      expect(child.exitCode).toBe(0);
      await until(() => !started.some(isRunning), { what: 'the end of every process' });
    } finally {
      child.kill('SIGKILL');
    }
  }
});

test('a worker that hangs is killed, and the others shut down gracefully', async () => {
  await using server = await start({ SHUTDOWN_TIMEOUT_MS: '300' });
  const ended = watchEnd(server);
  process.kill(readyPids(server)[1] ?? 0, 'SIGSTOP');
  server.signal('SIGTERM');
  expect(await server.exited()).toBe(0);
  await ended();
  expect(server.output.join('')).toContain('did not end within 5300 ms, killing it');
});

test('when its primary is killed, every worker announces the end and exits, and the port is free', async () => {
  await using server = await start();
  const clients = await Promise.all(
    Array.from({ length: 8 }, (_, index) => server.connectAs(`user-${index}`)),
  );
  const conversationId = (await clients[0]?.open('user-1')) ?? '';
  const ended = watchEnd(server);
  const { port } = server;
  const sends = Array.from({ length: 50 }, async (_, index) =>
    clients[0]?.send(conversationId, `text ${index}`),
  );
  await server.kill();
  for (const client of clients) await client.next('server:draining', ({ reconnect }) => reconnect);
  await ended();
  const acked = (await Promise.allSettled(sends)).filter(
    (one) => one.status === 'fulfilled' && one.value?.success === true,
  );
  expect(acked.length).toBeGreaterThan(0);
  await using successor = await ServerProcess.start({ port, databaseName: server.databaseName });
  const page = await (await successor.connectAs('user-0')).ok('getMessages', { conversationId });
  expect(page.lastSeq).toBeGreaterThanOrEqual(acked.length);
});

test('a primary that is killed while connections are being passed on leaves no process either', async () => {
  await using server = await start();
  const agent = new Agent({ keepAlive: true });
  const ask = (path: string): Promise<unknown> =>
    new Promise((resolve) => {
      get(`${server.url}${path}`, { agent }, (response) => response.resume().on('end', resolve)).on(
        'error',
        resolve,
      );
    });
  // Connections of both workers, so that requests reach them while the primary is paused.
  await Promise.all(Array.from({ length: 20 }, () => ask('/health/live')));
  const ended = watchEnd(server);
  server.signal('SIGSTOP');
  const asked = [1, 2].flatMap((worker) =>
    Array.from({ length: 10 }, () =>
      ask(`/socket.io/?EIO=4&transport=polling&sid=${worker}-abcdefghijklmnopqrst`),
    ),
  );
  // Requests to the right worker are answered; the others have been passed on by then.
  await Promise.race(asked);
  await server.kill();
  await ended();
  await Promise.all(asked);
  agent.destroy();
});

test('the metrics of all workers are summed, and do not decrease when a worker ends', async () => {
  await using server = await start();
  const authorization = `Bearer ${makeToken('ann')}`;
  const seen = new Set<number>();
  await until(async () => seen.add(await workerOfNewSession(server.url)).size === 2);
  const REQUESTS = 12;
  for (let index = 0; index < REQUESTS; index += 1) {
    await fetchApart(`${server.url}/api/conversations`, { authorization });
  }
  const count = (): Promise<number | undefined> => scrape(server.url, 'parley_http_request_seconds_count');
  expect(await count()).toBe(REQUESTS);
  expect(await count()).toBe(REQUESTS);
  process.kill(readyPids(server)[0] ?? 0, 'SIGKILL');
  // A connection that was passed to it at that moment is lost with it.
  expect(await until(() => count())).toBe(REQUESTS);
  await until(() => readyPids(server).length === 3);
  server.signal('SIGHUP');
  await untilLogged(server, 'rolling restart: done');
  expect(await count()).toBe(REQUESTS);
  expect(await scrape(server.url, 'parley_workers')).toBe(2);
  expect(await scrape(server.url, 'parley_worker_restarts_total')).toBe(3);
});

test('a single process treats SIGHUP as a graceful stop', async () => {
  await using server = await start({ WORKERS: '1' });
  const client = await server.connectAs('ann');
  server.signal('SIGHUP');
  await client.next('server:draining', ({ reconnect }) => reconnect);
  expect(await server.exited()).toBe(0);
});
