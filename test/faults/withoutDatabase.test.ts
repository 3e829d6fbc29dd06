import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Refused } from '../support/client.js';
import { until } from '../support/until.js';
import { openSetting, others, readiness, tryEverything } from './support/everything.js';
import { Scene } from './support/scene.js';

vi.setConfig({ testTimeout: 120_000 });

/** Of a session: in every command, and in no heartbeat. */
const IN_EVERY_COMMAND = 'lsid';

/** A server behind a proxy, and somebody in a conversation with a few messages. */
async function open(env: Record<string, string> = {}) {
  const scene = await Scene.open();
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri, env });
  const setting = await openSetting(server, ['ann', 'bob']);
  return { scene, truth: scene.truth, proxy, server, client: setting.client, setting };
}

test('while there is no way to the database, everything that is asked is answered UNAVAILABLE, and it heals by itself (invariant 10)', async () => {
  const { scene, truth, proxy, server, client, setting } = await open({ SEND_TIMEOUT_MS: '2000' });
  await using _scene = scene;
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
  expect(await readiness(server.url)).toMatchObject({ http: 200, status: 'ok', missing: [] });
  const before = (await truth.messages(setting.conversationId)).length;

  proxy.cut();
  // At once, while what is known of tokens is still fresh, and later, when it is not.
  expect(others(await tryEverything(setting), 'UNAVAILABLE', 'OK')).toEqual([]);
  expect(others(await tryEverything(setting), 'UNAVAILABLE')).toEqual([]);
  const { http, missing } = await readiness(server.url);
  expect([http, missing.includes('database')]).toEqual([503, true]);
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  const refusal = await server.connectAs('newcomer').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refused);
  expect(refusal).toMatchObject({ data: { success: false, code: 'UNAVAILABLE' } });
  await until(async () => (await readiness(server.url)).missing.includes('writer'), {
    what: 'a lease that ran out',
  });

  proxy.pass();
  await until(async () => (await readiness(server.url)).http === 200, {
    what: 'a server that is ready again',
  });
  // What waited for the database goes first: each wish about a group by itself.
  await until(
    async () => {
      expect(others(await tryEverything(setting), 'OK')).toEqual([]);
      return true;
    },
    { what: 'everything works again', timeoutMs: 30_000 },
  );
  expect(client.socket.connected).toBe(true);
  // What was refused while the database was away may have been stored when it was back, and is so without a hole.
  const seqs = (await truth.messages(setting.conversationId)).map(({ seq }) => seq);
  expect(seqs.length).toBeGreaterThan(before);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
});

test('a database that takes everything and answers nothing leaves nobody without an answer (invariant 10)', async () => {
  const { scene, proxy, server, setting } = await open();
  await using _scene = scene;
  proxy.freeze();
  // At once, and when nothing that is known of tokens counts any more.
  const asked = [tryEverything(setting), wait(1_500).then(() => tryEverything(setting))];
  await until(
    async () => {
      const { http, missing } = await readiness(server.url);
      return http === 503 && missing.includes('database');
    },
    { what: 'readiness that says so' },
  );
  const [first = new Map<string, string>(), second = new Map<string, string>()] = await Promise.all(asked);
  expect(others(first, 'UNAVAILABLE', 'OK')).toEqual([]);
  expect(others(second, 'UNAVAILABLE')).toEqual([]);
  proxy.pass();
  await until(async () => (await readiness(server.url)).http === 200, {
    what: 'a server that is ready again',
    timeoutMs: 20_000,
  });
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
});

test('a database that answers heartbeats and nothing else is told from one that works (invariant 10)', async () => {
  const { scene, proxy, server, setting } = await open();
  await using _scene = scene;
  const held = proxy.watch(IN_EVERY_COMMAND, 'hold');
  const asked = tryEverything(setting);
  await until(
    async () => {
      const { http, missing } = await readiness(server.url);
      return http === 503 && missing.includes('database');
    },
    { what: 'readiness that says so', timeoutMs: 5_000 },
  );
  expect(others(await asked, 'UNAVAILABLE', 'OK')).toEqual([]);
  held.release();
  await until(async () => (await readiness(server.url)).http === 200, {
    what: 'a server that is ready again',
    timeoutMs: 20_000,
  });
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
});
