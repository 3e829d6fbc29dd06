import { expect, test } from 'vitest';
import { until } from '../support/until.js';
import { lanesOf, Scene } from './support/scene.js';
import { expectStoredSummariesRight, expectSummariesRight, syncAll } from './support/summaries.js';
import { Traffic } from './support/traffic.js';

const NAMES = ['ann', 'ben', 'cem', 'dee', 'eva'];
/** Occurs in summary updates, and in no other command except a query for unread totals. */
const SUMMARY_UPDATE = '$addToSet';

test('a server killed repeatedly during sends: everything acknowledged exists, and the first answers are correct (promises 3, 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const proxy = await scene.proxy();
  let server = await scene.start();
  const { port } = server;
  const people = scene.people(NAMES, server);
  const lanes = await lanesOf(people);
  const traffic = new Traffic(lanes, { width: 3, readEvery: 4 });
  for (let round = 0; round < 4; round += 1) {
    const before = ledger.ackedCount;
    await until(() => ledger.ackedCount > before + 150, { what: 'traffic' });
    // In the last round no summary gets through any more, so that every one of them is behind.
    const held = round === 3 ? proxy.watch(SUMMARY_UPDATE, 'hold') : undefined;
    if (held !== undefined) {
      await until(() => held.hits > 0, { what: 'a summary held back' });
      await until(() => ledger.ackedCount > before + 300, { what: 'traffic' });
    }
    for (const person of people) person.pause();
    await server.kill();
    if (held !== undefined) {
      await expect(expectStoredSummariesRight(truth), 'the summaries were behind').rejects.toThrow();
    }
    // From the third round on the server connects through the proxy.
    const next = await scene.start({ port, ...(round === 2 && { mongoUri: proxy.mongoUri }) });
    await expectSummariesRight(truth, (userId) => next.api(userId), NAMES);
    await expectStoredSummariesRight(truth);
    server = next;
    for (const person of people) person.resume();
  }
  await traffic.stop();
  await ledger.check(truth);
});

test('of two processes one is killed in the midst of sends: when its lease is over the other has derived what it owed, and tells the members (promises 4, 5)', async () => {
  await using scene = await Scene.open();
  const { truth, ledger } = scene;
  const proxy = await scene.proxy();
  const { a, b } = await scene.startTwo({ mongoUri: proxy.mongoUri });
  const people = scene.people(NAMES, a);
  const lanes = await lanesOf(people);
  const traffic = new Traffic(lanes, { width: 2, readEvery: 5 });
  await until(() => ledger.ackedCount > 200, { what: 'traffic' });
  // Listeners on the other process receive nothing of this until it takes over.
  const listeners = await Promise.all(NAMES.map((name) => b.connectAs(name)));
  const cursors = await Promise.all(NAMES.map(async (name) => (await syncAll(b.api(name))).cursor));
  const held = proxy.watch(SUMMARY_UPDATE, 'hold');
  const before = ledger.ackedCount;
  await until(() => held.hits > 0 && ledger.ackedCount > before + 100, { what: 'summaries held back' });
  for (const person of people) person.pause();
  await a.kill();
  await expect(expectStoredSummariesRight(truth), 'the summaries were behind').rejects.toThrow();
  await until(() => expectStoredSummariesRight(truth).then(() => true), { what: 'right summaries' });
  await expectSummariesRight(truth, (userId) => b.api(userId), NAMES);
  const heads = new Map(
    (await truth.conversations()).map(({ _id, lastSeq, participants }) => [_id, { lastSeq, participants }]),
  );
  for (const [index, listener] of listeners.entries()) {
    const mine = [...heads].filter(([, { participants }]) => participants.includes(listener.userId));
    for (const [conversationId, { lastSeq }] of mine) {
      await listener.next(
        'conversation:updated',
        ({ head }) => head.conversationId === conversationId && head.lastSeq === lastSeq,
      );
    }
    const found = await syncAll(b.api(listener.userId), cursors[index]);
    expect(found.conversations.map(({ _id, lastSeq }) => [_id, lastSeq]).sort()).toEqual(
      mine.map(([_id, { lastSeq }]) => [_id, lastSeq]).sort(),
    );
    listener.close();
  }
  // Clients of the killed process reconnect to the other one and retry unacknowledged messages with the same ids.
  for (const person of people) {
    person.moveTo(b);
    person.resume();
  }
  const after = ledger.ackedCount;
  await until(() => ledger.ackedCount > after + 100, { what: 'traffic on the other process' });
  await traffic.stop();
  await ledger.check(truth);
  await truth.untilProcesses(1);
});
