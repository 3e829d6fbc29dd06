import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

const TOKEN = 'a-token-for-prometheus';

/** Returns the series of a metric from a scrape; empty if the server does not know it. */
async function scrape(server: TestServer, name: string): Promise<string[]> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name) && /[ {]/.test(line.charAt(name.length)));
}

const statusOf = async (server: TestServer, headers: Record<string, string>) =>
  (await fetch(`${server.url}/metrics`, { headers })).status;

/** Returns an address of this machine other than the loopback address, if there is one. */
const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

const asInProduction = { env: { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(40), HOST: '0.0.0.0' } };

/** Collects the metrics of the database. The first call may only wait for what the server collects at its start. */
async function lookNow({ app }: TestServer): Promise<void> {
  const { databaseWatch } = app.services;
  await databaseWatch.look();
  await databaseWatch.look();
}

test('with METRICS_TOKEN only requests with the token can read the metrics', async () => {
  await using server = await startServer({ env: { METRICS_TOKEN: TOKEN } });
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    expect(await statusOf(server, { authorization: `${scheme} ${TOKEN}` })).toBe(200);
  const wrong = [
    {},
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Basic ${TOKEN}`,
    `Bearer  ${TOKEN}`,
    'Bearer ',
  ];
  for (const authorization of wrong) {
    const headers = typeof authorization === 'string' ? { authorization } : authorization;
    const refused = await fetch(`${server.url}/metrics`, { headers });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refused.json()).toMatchObject({ success: false, code: 'UNAUTHENTICATED' });
  }
  const alice = { authorization: `Bearer ${server.token('alice')}` };
  expect(await statusOf(server, alice)).toBe(401);
});

test('in production without METRICS_TOKEN only the same machine can read the metrics, and no one through a proxy', async () => {
  await using server = await startServer(asInProduction);
  expect(await statusOf(server, {})).toBe(200);
  for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
    expect(await statusOf(server, { [name]: '127.0.0.1' })).toBe(403);
  }
  const outside = ownAddress();
  if (outside === undefined) return;
  const url = `http://${outside}:${server.app.port}/metrics`;
  expect((await fetch(url)).status).toBe(403);
});

test('in production METRICS_TOKEN allows other machines to read the metrics', async () => {
  await using server = await startServer({ env: { ...asInProduction.env, METRICS_TOKEN: TOKEN } });
  const headers = { authorization: `Bearer ${TOKEN}`, 'X-Forwarded-For': '10.0.0.9' };
  expect(await statusOf(server, headers)).toBe(200);
  expect(await statusOf(server, {})).toBe(401);
});

test('the metrics contain the stored amounts, that pairs have their index, and that there are no duplicates', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await alice.send(await alice.open('bob'), 'stored');
  await lookNow(server);
  expect(await scrape(server, 'parley_pair_index_ok')).toEqual(['parley_pair_index_ok 1']);
  expect(await scrape(server, 'parley_duplicate_conversations')).toEqual([
    'parley_duplicate_conversations 0',
  ]);
  expect(await scrape(server, 'parley_ready')).toEqual(['parley_ready 1']);
  expect(await scrape(server, 'parley_database_documents')).toHaveLength(4);
  const bytes = await scrape(server, 'parley_database_storage_bytes');
  expect(bytes.every((line) => Number(line.split(' ')[1]) > 0)).toBe(true);
  expect(bytes).toHaveLength(3);
  const commands = await scrape(server, 'parley_database_command_seconds_count');
  expect(commands.some((line) => line.includes('command="insert",outcome="ok"'))).toBe(true);
});

test('without the unique index the metrics report this, and count the duplicates', async () => {
  await using server = await startServer();
  const conversations = server.app.models.conversations.model.db.collection('conversations');
  await conversations.dropIndex('participantsKey_1');
  await conversations.insertMany(
    ['a_b', 'a_b', 'a_b', 'c_d', 'e_f', 'e_f'].map((participantsKey) => ({ participantsKey })),
  );
  await conversations.insertMany([{ type: 'group' }, { type: 'group' }]);
  await lookNow(server);
  expect(await scrape(server, 'parley_pair_index_ok')).toEqual(['parley_pair_index_ok 0']);
  expect(await scrape(server, 'parley_duplicate_conversations')).toEqual([
    'parley_duplicate_conversations 3',
  ]);
  await conversations.createIndex({ participantsKey: 1 }, {}, {});
  await lookNow(server);
  expect(await scrape(server, 'parley_pair_index_ok')).toEqual(['parley_pair_index_ok 0']);
});

test('the metrics report when the index of pairs is not used, as soon as there is enough data', async () => {
  await using server = await startServer();
  const conversations = server.app.models.conversations.model.db.collection('conversations');
  await conversations.dropIndex('participantsKey_1');
  await lookNow(server);
  expect(await scrape(server, 'parley_pair_index_used')).toEqual([]);
  await conversations.insertMany(
    Array.from({ length: 3_000 }, (_, index) => ({ participantsKey: `a_${index}`, type: 'direct' })),
  );
  await lookNow(server);
  expect(await scrape(server, 'parley_pair_index_used')).toEqual(['parley_pair_index_used 0']);
});

test('for a database without statistics these metrics are left out, and the scrape still works', async () => {
  await using server = await startServer();
  await lookNow(server);
  await server.app.models.conversations.model.db.close();
  await lookNow(server);
  for (const name of [
    ...['parley_pair_index_ok', 'parley_pair_index_used', 'parley_duplicate_conversations'],
    ...['parley_database_storage_bytes', 'parley_database_documents'],
  ]) {
    expect(await scrape(server, name)).toEqual([]);
  }
  expect(await scrape(server, 'parley_ready')).toEqual(['parley_ready 0']);
  expect(await scrape(server, 'parley_open_sockets')).toEqual(['parley_open_sockets 0']);
});
