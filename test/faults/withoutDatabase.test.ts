import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Refused } from '../support/client.js';
import { until } from '../support/until.js';
import { openSetting, others, readiness, tryEverything } from './support/everything.js';
import { Scene } from './support/scene.js';

/** Session id field: part of every command, and of no heartbeat. */
const IN_EVERY_COMMAND = 'lsid';

/** Starts a server behind a proxy, with a user in a conversation with a few messages. */
async function open(env: Record<string, string> = {}) {
  const scene = await Scene.open();
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri, env });
  const setting = await openSetting(server, ['ann', 'bob']);
  return { scene, truth: scene.truth, proxy, server, client: setting.client, setting };
}

test('without a connection to the database, everything is answered UNAVAILABLE, and it recovers by itself (promise 10)', async () => {
  const { scene, truth, proxy, server, client, setting } = await open({ SEND_TIMEOUT_MS: '6000' });
  await using _scene = scene;
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
  expect(await readiness(server.url)).toMatchObject({ http: 200, status: 'ok', missing: [] });
  const before = (await truth.messages(setting.conversationId)).length;

  proxy.cut();
  // Immediately, while cached token states are fresh, and later, when they have expired.
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
  // Work that waited for the database comes first, one group command at a time.
  await until(
    async () => {
      expect(others(await tryEverything(setting), 'OK')).toEqual([]);
      return true;
    },
    { what: 'everything works again' },
  );
  expect(client.socket.connected).toBe(true);
  // Commands refused during the outage may have been stored afterwards; the log is gapless nevertheless.
  const seqs = (await truth.messages(setting.conversationId)).map(({ seq }) => seq);
  expect(seqs.length).toBeGreaterThan(before);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
});

test('a database that accepts everything and answers nothing: every client gets an answer (promise 10)', async () => {
  const { scene, proxy, server, setting } = await open();
  await using _scene = scene;
  proxy.freeze();
  // Immediately, and when all cached token states have expired.
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
  });
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
});

test('a database that answers only heartbeats is recognized as not working (promise 10)', async () => {
  const { scene, proxy, server, setting } = await open();
  await using _scene = scene;
  const held = proxy.watch(IN_EVERY_COMMAND, 'hold');
  const asked = tryEverything(setting);
  await until(
    async () => {
      const { http, missing } = await readiness(server.url);
      return http === 503 && missing.includes('database');
    },
    { what: 'readiness that says so' },
  );
  expect(others(await asked, 'UNAVAILABLE', 'OK')).toEqual([]);
  held.release();
  await until(async () => (await readiness(server.url)).http === 200, {
    what: 'a server that is ready again',
  });
  expect(others(await tryEverything(setting), 'OK')).toEqual([]);
});
