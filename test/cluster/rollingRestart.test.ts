import { expect, test } from 'vitest';
import { Scene, lanesOf } from '../faults/support/scene.js';
import { Traffic } from '../faults/support/traffic.js';
import { until } from '../support/until.js';
import { fetchApart, logsOf, readyPids, untilLogged, watchEnd, workerOfNewSession } from './support.js';

const NAMES = ['ann', 'ben', 'cem', 'dee', 'eva'];
const DONE = 'rolling restart: done';

/** Returns how often a text was logged. */
const countLogged = (server: Parameters<typeof logsOf>[0], text: string): number =>
  logsOf(server).filter(({ msg }) => String(msg).includes(text)).length;

test('a rolling restart under traffic loses no acknowledged message, stores none twice, and always accepts connections (promises 3, 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const server = await scene.start({ env: { WORKERS: '2' } });
  const people = scene.people(NAMES, server);
  const traffic = new Traffic(await lanesOf(people), { width: 3, readEvery: 4 });
  await traffic.during(until(() => ledger.ackedCount > 100, { what: 'traffic' }));
  const before = ledger.ackedCount;
  server.signal('SIGHUP');
  const rolled = untilLogged(server, DONE);
  const rolling = { isOver: false };
  const knocking = (async () => {
    const statuses: number[] = [];
    while (!rolling.isOver) statuses.push((await fetchApart(`${server.url}/health/live`)).status);
    return statuses;
  })();
  await traffic.during(rolled);
  rolling.isOver = true;
  const statuses = await knocking;
  expect(statuses.length).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const after = ledger.ackedCount;
  await traffic.during(until(() => ledger.ackedCount > after + 100, { what: 'traffic on the new workers' }));
  await traffic.stop();
  expect(ledger.ackedCount).toBeGreaterThan(before);
  const pids = readyPids(server);
  expect(pids).toHaveLength(4);
  expect(new Set(pids).size).toBe(4);
  await truth.untilProcesses(2);
  await ledger.check(truth);
});

test('a worker killed under traffic loses nothing that was acknowledged (promises 3, 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const server = await scene.start({ env: { WORKERS: '2' } });
  const people = scene.people(NAMES, server);
  const traffic = new Traffic(await lanesOf(people), { width: 3 });
  for (const round of [1, 2]) {
    const before = ledger.ackedCount;
    await traffic.during(until(() => ledger.ackedCount > before + 100, { what: 'traffic' }));
    process.kill(readyPids(server).at(-1) ?? 0, 'SIGKILL');
    await traffic.during(until(() => readyPids(server).length === 2 + round, { what: 'a new worker' }));
  }
  const after = ledger.ackedCount;
  await traffic.during(until(() => ledger.ackedCount > after + 100, { what: 'traffic' }));
  await traffic.stop();
  await ledger.check(truth);
});

test('a restart that is requested repeatedly during a restart is done once more, not more often', async () => {
  await using scene = await Scene.open();
  const server = await scene.start({ env: { WORKERS: '2' } });
  server.signal('SIGHUP');
  await untilLogged(server, 'rolling restart: started');
  for (let index = 0; index < 3; index += 1) {
    server.signal('SIGHUP');
    await fetchApart(`${server.url}/health/live`);
  }
  await until(() => countLogged(server, DONE) === 2, { what: 'two restarts' });
  expect(countLogged(server, 'rolling restart: started')).toBe(2);
  expect(readyPids(server)).toHaveLength(6);
  const seen = new Set<number>();
  await until(async () => seen.add(await workerOfNewSession(server.url)).size === 2);
  expect(seen).toEqual(new Set([5, 6]));
});

test('a worker that cannot start stops the rolling restart, and the old ones continue', async () => {
  await using scene = await Scene.open();
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri, env: { WORKERS: '2' } });
  const client = await server.connectAs('ann');
  proxy.cut();
  server.signal('SIGHUP');
  await untilLogged(server, 'rolling restart: a new worker cannot start; the old ones stay');
  proxy.pass();
  expect(readyPids(server)).toHaveLength(2);
  expect(client.pushes('server:draining')).toEqual([]);
  await until(async () => (await client.call('getConversations', {})).success);
  server.signal('SIGHUP');
  await untilLogged(server, DONE);
  expect(readyPids(server)).toHaveLength(4);
});

test('workers that cannot be replaced are tried again; when none is left, the server exits with 1 and a sentence', async () => {
  await using scene = await Scene.open();
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri, env: { WORKERS: '2' } });
  const ended = watchEnd(server);
  proxy.cut();
  for (const pid of readyPids(server)) process.kill(pid, 'SIGKILL');
  expect(await server.exited()).toBe(1);
  await ended();
  expect(countLogged(server, 'could not be replaced, retrying')).toBeGreaterThanOrEqual(5);
  expect(server.output.join('')).toMatch(
    /Parley ends\. No worker serves, and 5 in a row could not start\. .+/,
  );
});

test('a server stopped during a rolling restart ends with 0, and leaves no process', async () => {
  await using scene = await Scene.open();
  const server = await scene.start({ env: { WORKERS: '2' } });
  server.signal('SIGHUP');
  await untilLogged(server, 'rolling restart: started');
  const ended = watchEnd(server);
  server.signal('SIGTERM');
  expect(await server.exited()).toBe(0);
  await ended();
});
