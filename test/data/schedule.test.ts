import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createDataWorld } from '../support/dataScript.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const issues = async (server: TestServer): Promise<Record<string, number>> => {
  const metric = await server.app.metrics.registry.getSingleMetric('parley_verification_issues')?.get();
  return Object.fromEntries(
    (metric?.values ?? []).map(({ labels, value }) => [String(labels['issue']), value]),
  );
};

test('the scheduled verification finds a third member, an orphan, a foreign sender and a wrong counter; every process reports it', async () => {
  const databaseName = newDatabaseName();
  const env = { VERIFY_INTERVAL_MS: '700' };
  await using one = await startServer({ databaseName, env });
  await using two = await startServer({ databaseName, env });
  await using world = await createDataWorld(databaseName);
  const ann = await one.connectAs('ann');
  await ann.send(await ann.open('bob'), 'hello');
  for (const server of [one, two]) {
    await until(async () => (await issues(server))['notTwo'] === 0, {
      what: 'a clean verification',
    });
    expect(Object.values(await issues(server)).every((count) => count === 0)).toBe(true);
  }
  const id = new mongoose.Types.ObjectId();
  const { connection } = world;
  await connection.collection('conversations').insertOne({
    ...{ _id: id, type: 'direct', participants: ['a', 'b', 'c'], createdBy: 'a', lastSeq: 9, memberCount: 3 },
  });
  const message = { senderId: 'eve', kind: 'text', content: 'x', n: 1, seq: 1, control: 0 };
  await connection.collection('messages').insertMany([
    { ...message, conversationId: id, clientMessageId: 'm1' },
    { ...message, conversationId: new mongoose.Types.ObjectId(), clientMessageId: 'm2' },
  ]);
  const wrong = { notTwo: 1, orphan: 1, foreignSender: 1, counter: 1, duplicate: 0 };
  for (const server of [one, two]) {
    await until(async () => (await issues(server))['notTwo'] === 1, {
      what: 'the finding',
    });
    expect(await issues(server)).toMatchObject(wrong);
  }
  const report = await world.runHere('add-conversation-validation');
  expect(report.code).toBe(1);
  expect(Object.keys(report.report).sort()).toEqual([
    ...[
      'conversationsWithIssues',
      'details',
      'status',
      'timestamp',
      'totalConversations',
      'validConversations',
    ],
  ]);
  expect(report.report).toMatchObject({
    totalConversations: 2,
    validConversations: 1,
    conversationsWithIssues: 1,
    status: 'issues',
  });
  expect(await world.runHere('verify-message-user-integrity')).toMatchObject({
    code: 1,
    report: { problems: 2 },
  });
});

test('without VERIFY_INTERVAL_MS nothing is verified, and no result is reported', async () => {
  await using server = await startServer();
  expect(await issues(server)).toEqual({});
});
