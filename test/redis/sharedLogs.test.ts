import { expect, test } from 'vitest';
import { startTwo } from './support/twoServers.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('a process that received the other’s messages takes the next seq without a race (promise 3)', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  for (const turn of range(20)) {
    const [speaker, listener] = turn % 2 === 1 ? [ann, bob] : [bob, ann];
    expect(await speaker.send(conversationId, `turn ${turn}`)).toMatchObject({ data: { seq: turn } });
    await listener.next('message:new', ({ seq }) => seq === turn);
  }
  const races =
    (await a.metric('parley_commit_seq_races_total')) + (await b.metric('parley_commit_seq_races_total'));
  expect(races).toBe(0);
});

test('concurrent sends of both sides of many conversations, each on its own process, leave no gap and no duplicate (promises 3, 4)', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const pairs = await Promise.all(
    range(15).map(async (n) => {
      const [left, right] = await Promise.all([a.connectAs(`left-${n}`), b.connectAs(`right-${n}`)]);
      return { left, right, conversationId: await left.open(`right-${n}`) };
    }),
  );
  await Promise.all(
    pairs.flatMap(({ left, right, conversationId }) =>
      [left, right].map(async (client) => {
        for (const n of range(20)) {
          expect(await client.send(conversationId, `${client.userId} ${n}`)).toMatchObject({ success: true });
        }
      }),
    ),
  );
  for (const { left, right, conversationId } of pairs) {
    const { messages } = await left.ok('getMessages', { conversationId });
    expect(messages.map(({ seq }) => seq)).toEqual(range(40));
    for (const { userId } of [left, right]) {
      expect(messages.filter(({ senderId }) => senderId === userId).map(({ content }) => content)).toEqual(
        range(20).map((n) => `${userId} ${n}`),
      );
    }
  }
});

test('a message sent on both processes with one id is stored once, although its seq was taken meanwhile (promise 4)', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [phone, tablet, bob] = await Promise.all([
    a.connectAs('ann'),
    b.connectAs('ann'),
    b.connectAs('bob'),
  ]);
  const conversationId = await phone.open('bob');
  for (const n of range(20)) {
    const answers = await Promise.all([
      phone.send(conversationId, `text ${n}`, `id-${n}`),
      bob.send(conversationId, `between ${n}`),
      tablet.send(conversationId, `text ${n}`, `id-${n}`),
    ]);
    const [first, , second] = answers.map((answer) => (answer.success ? answer.data : undefined));
    expect(first?._id).toBeDefined();
    expect(second?._id).toBe(first?._id);
  }
  const { messages } = await phone.ok('getMessages', { conversationId });
  expect(messages.map(({ seq }) => seq)).toEqual(range(40));
});
