import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Answer } from '../../contract/index.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { apisOf, lanesOf, Scene } from './support/scene.js';
import { expectStoredSummariesRight, untilSummariesRight } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

const PAUSE_MS = 15_000;
const TOKEN_LIFE_S = 8;

/** Returns the code of an answer, or why there was none. */
const outcome = (answer: Promise<Answer<unknown>>): Promise<string> =>
  answer.then(
    (one) => (one.success ? 'OK' : one.code),
    () => 'connection ended',
  );

/** Commands that a user without access must not be able to run any more. */
const commandsOf = (client: TestClient, conversationId: string): Promise<string>[] => [
  outcome(client.send(conversationId, 'after my time', 'too-late')),
  outcome(client.call('getMessages', { conversationId })),
  outcome(client.call('getConversations', {})),
  outcome(client.call('sync', {})),
  outcome(client.call('message:read', { conversationId, seq: 1 })),
  outcome(client.call('typing', { conversationId, typing: true })),
];

test('a process that is paused for 15 s during sends loses nothing, and users who lost access receive nothing when it wakes (promises 3, 5, 6)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const { a, b } = await scene.startTwo();
  const here = scene.people(['ann', 'cat'], a);
  const there = scene.people(['bob', 'dan'], b);
  const names = ['ann', 'bob', 'cat', 'dan', 'ed', 'rita'];
  const lanes = await lanesOf([...here, ...there]);
  const traffic = new Traffic(lanes, { width: 2, readEvery: 5 });

  const [ann] = here;
  if (ann === undefined) throw new Error('nobody is here');
  const rita = await a.connectAs('rita');
  const ed = await a.connectAs('ed');
  const toRita = await (await ann.connected()).open('rita');
  const toEd = await (await ann.connected()).open('ed');
  await Promise.all([ann.say(toRita, 'before'), ann.say(toEd, 'before')]);
  await Promise.all([rita.next('message:new'), ed.next('message:new')]);
  await until(() => ledger.ackedCount > 150, { what: 'traffic' });

  // The token is good until then, however long all of this took, and expires while the process sleeps.
  const expiresAtS = Math.ceil(Date.now() / 1_000) + TOKEN_LIFE_S;
  await ed.ok('auth:refresh', { token: makeToken('ed', { exp: expiresAtS }) });
  a.signal('SIGSTOP');
  const stoppedAtMs = performance.now();
  const before = ledger.ackedCount;
  await until(() => ledger.ackedCount > before + 100, { what: 'the other process goes on' });
  await truth.untilProcesses(1);
  for (const person of there) person.pause();
  await until(() => expectStoredSummariesRight(truth).then(() => true), {
    what: 'the summaries of the sleeping process',
  });
  for (const person of there) person.resume();
  dataOf(await b.api('rita').post('/api/users/me/revoke-tokens'));
  await wait(Math.max(0, expiresAtS * 1_000 - Date.now() + 100));
  const heardBefore = [rita.heard.length, ed.heard.length];
  // All of these requests wait in the socket buffers of the paused process.
  const refused = [...commandsOf(rita, toRita), ...commandsOf(ed, toEd)];
  const said = [ann.say(toRita, 'while asleep'), ann.say(toEd, 'while asleep')];
  await wait(Math.max(0, PAUSE_MS - (performance.now() - stoppedAtMs)));
  a.signal('SIGCONT');

  await Promise.all(said);
  const outcomes = await Promise.all(refused);
  expect(outcomes.slice(0, 6).every((one) => ['UNAUTHENTICATED', 'connection ended'].includes(one))).toBe(
    true,
  );
  expect(new Set(outcomes.slice(6))).toEqual(new Set(['TOKEN_EXPIRED']));
  await until(() => rita.socket.disconnected, { what: 'the end of a revoked connection' });
  await ed.next('auth:expired');
  await ann.say(toEd, 'after waking');
  const heardAfter = [rita, ed].map((one, index) =>
    one.heard.slice(heardBefore[index]).map(({ event }) => event),
  );
  expect(heardAfter.map((events) => events.filter((event) => event !== 'auth:expired'))).toEqual([[], []]);
  // With a new token the user receives messages again, and reads what was missed.
  await ed.ok('auth:refresh', { token: makeToken('ed') });
  await ann.say(toEd, 'welcome back');
  await ed.next('message:new', ({ content }) => content === 'welcome back');
  expect((await ed.ok('getMessages', { conversationId: toEd })).messages.map(({ seq }) => seq)).toEqual([
    1, 2, 3, 4,
  ]);

  await truth.untilProcesses(2);
  const after = ledger.ackedCount;
  await until(() => ledger.ackedCount > after + 100, { what: 'traffic on both' });
  await traffic.stop();
  await ledger.check(truth);
  await untilSummariesRight(truth, apisOf(a, b), { userIds: names });
});

/** Wire format of the query for the conversations of waiting messages. */
const FIND_CONVERSATIONS = 'find\u0000\u000e\u0000\u0000\u0000conversations';
const HEARTBEAT = 'flushedThrough';

test('a process whose lease has expired stores nothing before it has registered again (promise 5)', async () => {
  await using scene = await Scene.open();
  const { truth } = scene;
  const proxy = await scene.proxy();
  const { a, b } = await scene.startTwo({ mongoUri: proxy.mongoUri });
  const ann = await a.connectAs('ann');
  const conversationId = await ann.open('bob');
  const read = proxy.watch(FIND_CONVERSATIONS, 'hold', 1);
  const beat = proxy.watch(HEARTBEAT, 'hold');
  const first = ann.send(conversationId, 'hello', 'm-1');
  await until(() => read.hits > 0 && beat.hits > 0, { what: 'held commands' });
  await truth.untilProcesses(1);
  read.release();
  // The lease has expired: the message waits, and its sender is asked to retry.
  expect(await first).toMatchObject({ success: false, code: 'UNAVAILABLE', clientMessageId: 'm-1' });
  expect([await truth.messages(), await truth.processes()]).toMatchObject([[], { length: 1 }]);
  beat.release();
  await until(async () => (await truth.messages()).length === 1, { what: 'the stored message' });
  expect(await truth.processes()).toHaveLength(2);
  expect(await ann.send(conversationId, 'hello', 'm-1')).toMatchObject({
    success: true,
    data: { seq: 1, duplicate: true },
  });
  await untilSummariesRight(truth, apisOf(a, b), { userIds: ['ann', 'bob'] });
});
