import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { until } from '../support/until.js';
import { openSetting, others, readiness, tryEverything } from './support/everything.js';
import { OwnDatabase } from './support/ownDatabase.js';
import { apisOf, lanesOf, Scene } from './support/scene.js';
import { untilSummariesRight } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

const NAMES = ['ann', 'ben', 'cem', 'dee'];
const PAUSE_MS = 6_000;
/** Crash recovery of the database, its start, and a busy machine. */
const HEALED_WITHIN_MS = 30_000;

let database: OwnDatabase;
beforeAll(async () => {
  database = await OwnDatabase.start();
});
afterAll(() => database[Symbol.asyncDispose]());

/** A server on the database that is about to fail, people who talk, and somebody who tries everything. */
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
      timeoutMs: HEALED_WITHIN_MS,
    });
  return { scene, server, people, traffic, setting, untilReady, ledger: scene.ledger };
}

type Open = Awaited<ReturnType<typeof open>>;

/** Traffic flows again, everything works, nothing is lost or doubled, and the server is the same process. */
async function expectHealed({ server, traffic, setting, untilReady, ledger }: Open): Promise<void> {
  await untilReady(200);
  const before = ledger.ackedCount;
  await traffic.during(
    until(() => ledger.ackedCount > before + 100, { what: 'traffic again', timeoutMs: HEALED_WITHIN_MS }),
  );
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
  expect(server.child.exitCode).toBe(null);
  expect(setting.client.socket.connected).toBe(true);
}

/** Ends the traffic and compares everything with everything. */
async function expectRight({ scene, server, traffic, setting, ledger }: Open): Promise<void> {
  await traffic.stop();
  // Positions and statuses move again, and are told.
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

test('a database that is killed under load, and again: nobody is told anything but UNAVAILABLE, all that was acknowledged is there (invariants 3, 4, 5)', async () => {
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

test('a database whose storage is killed behind a front that goes on answering (invariants 3, 4, 5)', async ({
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

test('a database that sleeps for some seconds under load (invariants 3, 4, 5)', async () => {
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
