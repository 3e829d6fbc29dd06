import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Answer, SentMessageView } from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { until } from '../support/until.js';
import { expectGapless } from './support/ledger.js';
import { apisOf, lanesOf, Scene } from './support/scene.js';
import { untilSummariesRight } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function dataOf(answer: Answer<SentMessageView>): SentMessageView {
  if (!answer.success) throw new Error(`refused: ${answer.code} ${answer.error}`);
  return answer.data;
}

/** Opens a direct conversation with each of this many users. */
const openMany = (client: TestClient, count: number): Promise<string[]> =>
  Promise.all(numbers(count).map((n) => client.open(`friend-${n}`)));

/** Starts a server that reaches its database through a proxy, and one without the proxy. */
async function open(env: Record<string, string> = {}) {
  const scene = await Scene.open();
  const proxy = await scene.proxy();
  const a = await scene.start({ mongoUri: proxy.mongoUri, env });
  return { scene, truth: scene.truth, ledger: scene.ledger, proxy, a };
}

test('a message whose insert succeeded without an answer is stored once and acknowledged (promises 3, 4, 5)', async () => {
  const { scene, truth, proxy, a } = await open();
  await using _scene = scene;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), a.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  const others = await openMany(ann, 10);
  await ann.send(conversationId, 'first', 'm-1');
  const lost = proxy.watch('the lost one', 'loseReply', 1);
  const sent = ann.send(conversationId, 'the lost one', 'm-2');
  const beside = await Promise.all(others.map((id) => ann.send(id, 'beside', 'm-1')));
  expect(dataOf(await sent)).toMatchObject({ seq: 2, duplicate: false });
  expect(lost.hits).toBe(1);
  expect(beside.map((answer) => dataOf(answer).seq)).toEqual(others.map(() => 1));
  expect(dataOf(await ann.send(conversationId, 'the lost one', 'm-2'))).toMatchObject({
    seq: 2,
    duplicate: true,
  });
  expect(dataOf(await ann.send(conversationId, 'third', 'm-3')).seq).toBe(3);
  expect((await truth.messages(conversationId)).map(({ seq, content }) => [seq, content])).toEqual([
    [1, 'first'],
    [2, 'the lost one'],
    [3, 'third'],
  ]);
  // The recipient receives each message at least once, in order.
  await bob.next('message:new', ({ seq }) => seq === 3);
  const heard = bob.pushes('message:new').map(({ seq }) => seq);
  expect([...new Set(heard)]).toEqual([1, 2, 3]);
  await untilSummariesRight(truth, apisOf(a), { userIds: ['ann', 'bob'] });
});

test('a batch over many conversations, and a busy conversation, which keeps its order (promises 3, 4)', async () => {
  const { scene, truth, proxy, a } = await open();
  await using _scene = scene;
  const ann = await a.connectAs('ann');
  const ids = await openMany(ann, 40);
  const [hot = ''] = ids;
  for (const action of ['loseReply', 'cut'] as const) {
    const shared = proxy.watch(`shared ${action} 17`, action, 1);
    const spread = await Promise.all(ids.map((id, index) => ann.send(id, `shared ${action} ${index}`)));
    expect(new Set(spread.map((answer) => dataOf(answer)._id)).size).toBe(40);
    const before = (await truth.messages(hot)).length;
    const ordered = proxy.watch(`ordered ${action} 33`, action, 1);
    const burst = await Promise.all(numbers(60).map((n) => ann.send(hot, `ordered ${action} ${n}`)));
    expect(burst.map((answer) => dataOf(answer).seq)).toEqual(numbers(60).map((n) => before + n));
    expect([shared.hits, ordered.hits]).toEqual([1, 1]);
  }
  const stored = await truth.messages();
  expectGapless(stored);
  expect(stored).toHaveLength(2 * (40 + 60));
  await untilSummariesRight(truth, apisOf(a), { userIds: ['ann', 'friend-1', 'friend-17'] });
});

test('lost answers during races for seq with another process leave no gap and no duplicate (promises 3, 4)', async () => {
  const { scene, truth, ledger, proxy, a } = await open();
  await using _scene = scene;
  const b = await scene.start();
  const people = [...scene.people(['ann', 'ben'], a), ...scene.people(['cem', 'dee'], b)];
  const lanes = await lanesOf(people);
  // Both processes write to every one of these conversations.
  const twins = [...scene.people(['ann', 'ben'], b), ...scene.people(['cem', 'dee'], a)];
  const mirrored = lanes.map(({ person, conversationId }) => ({
    person: twins.find(({ userId }) => userId === person.userId) ?? person,
    conversationId,
  }));
  const all = [...lanes, ...mirrored];
  const here = new Traffic(
    all.filter(({ person }) => person.endpoint === a),
    { width: 3, label: 'here' },
  );
  const there = new Traffic(
    all.filter(({ person }) => person.endpoint === b),
    { width: 3, label: 'there' },
  );
  for (const action of ['loseReply', 'cut', 'loseReply', 'loseReply', 'cut'] as const) {
    const before = ledger.ackedCount;
    const rules = here.upcomingTexts(60).map((text) => proxy.watch(text, action, 1));
    const happened = until(
      () => rules.filter(({ hits }) => hits > 0).length >= 3 && ledger.ackedCount > before + 100,
      { what: `traffic with ${action}` },
    );
    await there.during(here.during(happened));
    for (const rule of rules) rule.release();
  }
  // Cuts all connections at once.
  for (const count of [1, 2]) {
    const before = ledger.ackedCount;
    proxy.cutOnce();
    const wentOn = until(() => ledger.ackedCount > before + 100, { what: `cut ${count}` });
    await there.during(here.during(wentOn));
  }
  await Promise.all([here.stop(), there.stop()]);
  const stored = await ledger.check(truth);
  expect(stored).toHaveLength(ledger.ackedCount);
  await untilSummariesRight(truth, apisOf(a, b), { userIds: people.map(({ userId }) => userId) });
});

test('an insert that arrives long after it was given up changes nothing (promises 3, 4)', async () => {
  const { scene, truth, proxy, a } = await open();
  await using _scene = scene;
  const b = await scene.start();
  const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  const ids = await openMany(ann, 5);
  await ann.send(conversationId, 'first');
  const late = ['late shared', 'late ordered 9', 'late alone'].map((text) => proxy.watch(text, 'late', 1));
  const shared = Promise.all(ids.map((id) => ann.send(id, 'late shared')));
  const burst = Promise.all(numbers(20).map((n) => ann.send(conversationId, `late ordered ${n}`)));
  const answers = (await Promise.all([shared, burst])).flat();
  const alone = await ann.send(conversationId, 'late alone');
  for (const answer of [...answers, alone]) expect(dataOf(answer).duplicate).toBe(false);
  await Promise.all(numbers(10).map((n) => bob.send(conversationId, `from the other side ${n}`)));
  const before = await truth.messages();
  expect(late.map(({ hits }) => hits)).toEqual([1, 1, 1]);
  for (const rule of late) rule.release();
  await until(() => proxy.idle, { what: 'the late inserts' });
  expect(await truth.messages()).toEqual(before);
  expectGapless(before);
  expect(before).toHaveLength(1 + 5 + 20 + 1 + 10);
  expect(dataOf(await ann.send(conversationId, 'the end')).seq).toBe(1 + 20 + 1 + 10 + 1);
});

test('a sender who was asked to retry gets the stored message, and its push (promises 2, 4)', async () => {
  const { scene, truth, proxy, a } = await open({ SEND_TIMEOUT_MS: '700' });
  await using _scene = scene;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), a.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  const held = proxy.watch('patience', 'hold', 1);
  const first = ann.send(conversationId, 'patience', 'm-1');
  await until(() => held.hits === 1);
  // The lane is busy: messages behind it wait, and their senders are asked to retry.
  const second = ann.send(conversationId, 'behind', 'm-2');
  expect(await first).toMatchObject({ success: false, code: 'UNAVAILABLE', clientMessageId: 'm-1' });
  expect(await second).toMatchObject({ success: false, code: 'UNAVAILABLE', clientMessageId: 'm-2' });
  expect([await truth.messages(), bob.pushes('message:new'), ann.pushes('message:new')]).toEqual([
    [],
    [],
    [],
  ]);
  const again = ann.send(conversationId, 'patience', 'm-1');
  await wait(50);
  held.release();
  expect(dataOf(await again)).toMatchObject({ seq: 1, duplicate: true });
  for (const client of [ann, bob]) {
    await client.next('message:new', ({ seq }) => seq === 1);
    await client.next('message:new', ({ seq }) => seq === 2);
  }
  expect((await truth.messages()).map(({ clientMessageId }) => clientMessageId)).toEqual(['m-1', 'm-2']);
  expect(dataOf(await ann.send(conversationId, 'behind', 'm-2'))).toMatchObject({ seq: 2, duplicate: true });
});
