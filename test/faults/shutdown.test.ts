import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../support/until.js';
import { lanesOf, Scene } from './support/scene.js';
import { expectStoredSummariesRight, expectSummariesRight } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

const NAMES = ['ann', 'ben', 'cem', 'dee', 'eva'];

test('a process stopped under load answers all accepted commands, writes all summaries, and exits with 0; users continue on another process (promises 3, 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const { a, b } = await scene.startTwo();
  const people = scene.people(NAMES, a);
  const traffic = new Traffic(await lanesOf(people), { width: 4, readEvery: 3 });
  const listener = await a.connectAs('ann');
  await until(() => ledger.ackedCount > 200, { what: 'traffic' });
  // The clients reconnect to the other process.
  for (const person of people) person.endpoint = b;
  a.signal('SIGTERM');
  await listener.next('server:draining', ({ code, reconnect }) => code === 'UNAVAILABLE' && reconnect);
  expect(await a.exited()).toBe(0);
  // The process has unregistered itself, before it could have been counted as dead.
  expect(await truth.processes()).toHaveLength(1);
  const before = ledger.ackedCount;
  await traffic.during(until(() => ledger.ackedCount > before + 100, { what: 'traffic on the other one' }));
  await traffic.stop();
  await ledger.check(truth);
});

test('the only process, stopped twice during sends, leaves correct summaries (promises 3, 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  let server = await scene.start();
  const { port } = server;
  const people = scene.people(NAMES, server);
  const traffic = new Traffic(await lanesOf(people), { width: 4, readEvery: 3 });
  for (const pauseMs of [0, 5, 60]) {
    const before = ledger.ackedCount;
    await until(() => ledger.ackedCount > before + 150, { what: 'traffic' });
    server.signal('SIGTERM');
    await wait(pauseMs);
    server.signal('SIGTERM');
    server.signal('SIGINT');
    expect(await server.exited()).toBe(0);
    expect(await truth.processes()).toEqual([]);
    // Checked without any server: nothing is left to be derived.
    await expectStoredSummariesRight(truth);
    for (const person of people) person.pause();
    const next = await scene.start({ port });
    await expectSummariesRight(truth, (userId) => next.api(userId), NAMES);
    for (const person of people) person.resume();
    server = next;
  }
  await traffic.stop();
  await ledger.check(truth);
});

test('a process stopped while its database is unreachable exits nevertheless, and nothing acknowledged is lost (promises 3, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const proxy = await scene.proxy();
  const server = await scene.start({
    mongoUri: proxy.mongoUri,
    env: { SHUTDOWN_TIMEOUT_MS: '1500', SEND_TIMEOUT_MS: '1000' },
  });
  const people = scene.people(NAMES, server);
  const traffic = new Traffic(await lanesOf(people), { width: 2 });
  await until(() => ledger.ackedCount > 100, { what: 'traffic' });
  proxy.freeze();
  server.signal('SIGTERM');
  for (const person of people) person.pause();
  expect(await server.exited()).toBe(0);
  const next = await scene.start();
  await expectSummariesRight(truth, (userId) => next.api(userId), NAMES);
  for (const person of people) {
    person.moveTo(next);
    person.resume();
  }
  await traffic.stop();
  await ledger.check(truth);
});
