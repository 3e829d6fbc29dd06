import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { openSetting, others, readiness, tryEverything } from './support/everything.js';
import { OwnDatabase } from './support/ownDatabase.js';
import { apisOf, lanesOf, Scene } from './support/scene.js';
import { untilSummariesRight } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

const NAMES = ['ann', 'ben', 'cem', 'dee'];
const PAUSE_MS = 6_000;

let database: OwnDatabase;
beforeAll(async () => {
  database = await OwnDatabase.start();
});
afterAll(() => database[Symbol.asyncDispose]());

/** Starts a server on a database that will fail, users who write, and a setting to try all commands. */
async function open() {
  const scene = await Scene.open(database.uri);
  const server = await scene.start();
  const people = scene.people(NAMES, server);
  const lanes = await lanesOf(people);
  const setting = await openSetting(server, ['zoe', 'ann']);
  const traffic = new Traffic(lanes, { width: 2, readEvery: 4 });
  await until(() => scene.ledger.ackedCount > 100, { what: 'traffic' });
  const untilReady = (http: number) =>
    until(async () => (await readiness(server.url)).http === http, {
      what: `readiness ${http}`,
    });
  return { scene, server, people, traffic, setting, untilReady, ledger: scene.ledger };
}

type Open = Awaited<ReturnType<typeof open>>;

/**
 * Checks that traffic and all commands work again, nothing is lost or duplicated, and the server process is the same.
 */
async function expectHealed({ server, traffic, setting, untilReady, ledger }: Open): Promise<void> {
  await untilReady(200);
  const before = ledger.ackedCount;
  await traffic.during(until(() => ledger.ackedCount > before + 100, { what: 'traffic again' }));
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
  expect(server.child.exitCode).toBe(null);
  expect(setting.client.socket.connected).toBe(true);
}

/** Ends the traffic and compares everything. */
async function expectRight({ scene, server, traffic, setting, ledger }: Open): Promise<void> {
  await traffic.stop();
  // Positions and statuses move again, and are pushed.
  const { seq } = await setting.client.ok('sendMessage', {
    conversationId: setting.conversationId,
    content: 'the last one',
    clientMessageId: 'the-last-one',
  });
  const ann = await server.connectAs('ann');
  await ann.ok('message:read', { conversationId: setting.conversationId, seq });
  await setting.client.next('message:status', (status) => status.readSeq === seq);
  const page = await setting.client.ok('getMessages', { conversationId: setting.conversationId });
  expect(page.messages.at(-1)).toMatchObject({ seq, status: 'read' });
  await untilSummariesRight(scene.truth, apisOf(server), { userIds: NAMES });
  ledger.ignore(setting.conversationId);
  await ledger.check(scene.truth);
}

test('a database that is killed repeatedly under load: clients get only UNAVAILABLE, and all acknowledged messages exist (promises 3, 4, 5)', async () => {
  const all = await open();
  await using _scene = all.scene;
  const { traffic, setting, untilReady, server } = all;
  for (const downMs of [0, 4_000]) {
    const killed = database.kill({ downMs });
    const atOnce = tryEverything(setting);
    await killed;
    if (downMs > 0) {
      await untilReady(503);
      expect((await readiness(server.url)).missing).toContain('database');
    }
    expect(others(await atOnce, 'UNAVAILABLE', 'OK')).toEqual([]);
    expect(others(await tryEverything(setting), 'UNAVAILABLE', 'OK')).toEqual([]);
    await traffic.during(expectHealed(all));
  }
  await expectRight(all);
});

test('a database whose storage process is killed while its front end still answers (promises 3, 4, 5)', async ({
  skip,
}) => {
  const all = await open();
  await using _scene = all.scene;
  const { traffic, setting } = all;
  skip(!database.killStorage(), 'this engine is one process');
  expect(others(await tryEverything(setting), 'UNAVAILABLE', 'OK')).toEqual([]);
  await traffic.during(expectHealed(all));
  await expectRight(all);
});

test('a database that is paused for several seconds under load (promises 3, 4, 5)', async () => {
  const all = await open();
  await using _scene = all.scene;
  const { traffic, setting, untilReady, server } = all;
  database.pause();
  const atOnce = tryEverything(setting);
  await untilReady(503);
  expect((await readiness(server.url)).missing).toContain('database');
  await wait(PAUSE_MS);
  database.resume();
  expect(others(await atOnce, 'UNAVAILABLE', 'OK')).toEqual([]);
  await traffic.during(expectHealed(all));
  await expectRight(all);
});
