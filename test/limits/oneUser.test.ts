import { expect, inject, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { watchDatabase } from './support/databaseWork.js';

const repeat = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Maximum number of concurrent reads of one list command, plus reads that a server makes by itself. */
const READS_PER_COMMAND = 8;
const OWN_OPERATIONS = 8;
const RUNNING = 4;

/** Creates a user with groups, many blocks and several connections, and a second user. */
async function createScene(server: TestServer) {
  const bob = await server.connectAs('bob');
  const mallories = await Promise.all(repeat(3).map(() => server.connectAs('mallory')));
  const [mallory] = mallories;
  if (mallory === undefined) throw new Error('nobody is here');
  for (const index of repeat(3)) {
    const { conversation } = await bob.ok('createGroup', { name: `${index}`, participants: ['mallory'] });
    await bob.send(conversation._id, 'hello');
  }
  await Promise.all(repeat(20).map((n) => mallory.ok('blockUser', { userId: `u${n}`, blocked: true })));
  const conversationId = await bob.open('carol');
  return { bob, mallory, mallories, conversationId };
}

test('while one user floods lists over sockets and HTTP, commands of others succeed and the database is not overloaded', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: {
      MAX_COMMANDS_UNDER_WAY: '100',
      MAX_COMMANDS_PER_USER: '60',
      MAX_COMMANDS_RUNNING_PER_USER: String(RUNNING),
      COMMAND_TIMEOUT_MS: '60000',
    },
  });
  const { bob, mallories, conversationId } = await createScene(server);
  const work = watchDatabase(server);
  proxy.freeze();
  const answers: string[] = [];
  const note = (answer: { success: boolean; code?: string }): void =>
    void answers.push(answer.success ? 'OK' : (answer.code ?? ''));
  const api = server.api('mallory');
  const floods = repeat(300).map(async (index) => {
    const one = mallories[index % mallories.length];
    if (index % 2 === 0 && one !== undefined) note(await one.call('getConversations', {}));
    else note((await api.get('/api/conversations')).body);
  });
  await until(() => answers.length >= 240, { what: 'the refusals' });
  expect(new Set(answers)).toEqual(new Set(['RATE_LIMITED']));
  const asked = [
    bob.call('getConversations', {}),
    bob.call('sync', {}),
    bob.call('getOrCreateDirect', { otherUserId: 'dan' }),
    bob.send(conversationId, 'is anybody there?'),
  ];
  proxy.pass();
  for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ success: true });
  await Promise.all(floods);
  expect(answers.filter((code) => code === 'OK')).toHaveLength(60);
  expect(new Set(answers)).toEqual(new Set(['OK', 'RATE_LIMITED']));
  expect(work.mostUnderWay).toBeLessThanOrEqual(
    (RUNNING + asked.length) * READS_PER_COMMAND + OWN_OPERATIONS,
  );
});

test('the database work of a command that has timed out stops', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: { COMMAND_TIMEOUT_MS: '1000', MAX_COMMANDS_RUNNING_PER_USER: String(RUNNING) },
  });
  const { mallory } = await createScene(server);
  const work = watchDatabase(server);
  await mallory.ok('getConversations', {});
  const readsOfOne = work.reads.length;
  expect(readsOfOne).toBeGreaterThan(3);
  const limited = work.reads.filter(({ maxTimeMs }) => maxTimeMs <= 1_000);
  expect(limited.length).toBeGreaterThan(0);
  proxy.freeze();
  const answers = await Promise.all(repeat(20).map(() => mallory.call('getConversations', {})));
  for (const answer of answers) expect(answer).toMatchObject({ success: false, code: 'UNAVAILABLE' });
  // Reads sent before the timeout are in the paused connections. The stopped commands may send no further reads.
  work.reads.length = 0;
  proxy.pass();
  await until(async () => (await mallory.call('getConversations', {})).success, { what: 'an answer' });
  await until(() => work.underWay === 0, { what: 'the end of all work' });
  // Twenty commands that continued would send twenty times as many.
  expect(work.reads.length).toBeLessThanOrEqual(3 * readsOfOne);
});

test('a send that has timed out is stored nevertheless, once', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: { COMMAND_TIMEOUT_MS: '500' },
  });
  const bob = await server.connectAs('bob');
  const conversationId = await bob.open('carol');
  proxy.freeze();
  const id = crypto.randomUUID();
  expect(await bob.send(conversationId, 'late', id)).toMatchObject({ code: 'UNAVAILABLE' });
  proxy.pass();
  const sent = await until(async () => {
    const answer = await bob.send(conversationId, 'late', id);
    return answer.success ? answer.data : undefined;
  });
  expect(sent).toMatchObject({ seq: 1, content: 'late' });
  const page = await until(async () => {
    const answer = await bob.call('getMessages', { conversationId });
    return answer.success ? answer.data : undefined;
  });
  expect(page.lastSeq).toBe(1);
});
