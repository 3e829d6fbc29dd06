import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { startServer } from '../support/server.js';
import { readableBy, storeMixed, textOf, type Line } from './support/mixedChat.js';
import { expectConsistent, PEOPLE, STARTS } from './support/split.js';

const TASK = 'split-group-conversations';
const HOUR_MS = 3_600_000;

/** Two users wait for an answer, so the third message is ambiguous. */
const DOUBTFUL: Line[] = [
  { from: 'ann', to: 'shop' },
  { from: 'bob', to: 'shop' },
  { from: 'shop', to: 'bob' },
];

const decisionsFile = (world: DataWorld, decisions: object): { decisions: string } => {
  writeFileSync(join(world.dataDir, 'decisions.json'), JSON.stringify(decisions));
  return { decisions: 'decisions.json' };
};

const messageOf = async (world: DataWorld, conversationId: mongoose.Types.ObjectId, seq: number) => {
  const found = await world.connection.collection('messages').findOne({ conversationId, seq });
  return String(found?._id);
};

test('names without an effect are rejected with a sentence, and nothing is changed', async () => {
  await using world = await createDataWorld();
  const chat = await storeMixed(world.connection, { participants: PEOPLE, lines: DOUBTFUL, fields: STARTS });
  const other = new mongoose.Types.ObjectId();
  await world.connection
    .collection('conversations')
    .insertOne({ _id: other, type: 'direct', participants: ['ann', 'eve'], participantsKey: 'ann_eve' });
  const before = await world.dump();
  const [id, foreign] = [chat.toHexString(), other.toHexString()];
  const message = await messageOf(world, chat, 3);
  const refusal = async (options: Record<string, unknown>): Promise<string> => {
    const error: unknown = await world.runHere(TASK, options).catch((one: unknown) => one);
    expect(await world.dump()).toEqual(before);
    return error instanceof Error ? error.message : 'accepted';
  };
  const decided = (decisions: object) => refusal(decisionsFile(world, decisions));
  expect(await refusal({ hub: ['Nobody'] })).toBe('--hub: Nobody is in no mixed chat. Nothing was changed.');
  expect(await refusal({ hub: ['eve'] })).toMatch(/^--hub: eve is in no mixed chat/);
  expect(await refusal({ only: [foreign] })).toBe(`${foreign} is not a mixed chat. Nothing was changed.`);
  expect(await refusal({ only: ['x'] })).toMatch(/^x is not a mixed chat/);
  expect(await decided({ [foreign]: 'ann' })).toBe(
    `The decisions name a message that does not exist: ${foreign}. Nothing was changed.`,
  );
  expect(await decided({ [message]: 'eve' })).toMatch(/was for eve, who is not among the others in its chat/);
  expect(await decided({ [message]: 'shop' })).toMatch(/was for shop, who is not among the others/);
  expect(await decided({ [foreign]: { hub: 'ann' } })).toMatch(/is not a mixed chat/);
  expect(await decided({ [id]: { hub: 'eve' } })).toMatch(
    /^eve is not in conversation .*, and cannot be its hub/,
  );
  expect(await decided({ [id]: { hub: 'shop', message: {} } })).toMatch(/cannot be read: /);
  expect(await decided({ here: 'ann' })).toMatch(/cannot be read: here: /);
});

test('each chat has its own hub, a chat can be split alone, and a repeated command finds nothing to do', async () => {
  await using world = await createDataWorld();
  // Chats between the same three users with two different hubs.
  const around = (hub: string, [a, b]: [string, string]): Line[] => [
    { from: a, to: hub },
    { from: hub, to: a },
    { from: b, to: hub },
    { from: hub, to: b },
    { from: hub, to: a, pauseMs: 30 * HOUR_MS },
  ];
  const one = await storeMixed(world.connection, {
    participants: PEOPLE,
    lines: around('shop', ['ann', 'bob']),
  });
  const fields = { participantsKey: 'none' };
  const lines = around('ann', ['bob', 'shop']);
  const two = await storeMixed(world.connection, { participants: PEOPLE, lines, fields });
  const [first, second] = [one.toHexString(), two.toHexString()];
  const last = await messageOf(world, one, 5);
  const decisions = decisionsFile(world, {
    [first]: { hub: 'shop', messages: { [last]: 'ann' } },
    [second]: { hub: 'ann' },
  });
  const alone = await world.runHere(TASK, { ...decisions, only: [first] });
  expect([alone.code, alone.report.counts['mixedChats']]).toEqual([0, 1]);
  const untouched = await world.connection.collection('conversations').findOne({ _id: two });
  expect(untouched?.['mergedInto']).toBeUndefined();
  const rest = await world.runHere(TASK, { ...decisions, hub: ['ann', 'shop'] });
  expect(rest.report.counts).toMatchObject({ mixedChats: 1, messagesMoved: 5, ambiguous: 1 });
  expect(await world.runHere(TASK, { ...decisions, hub: ['shop'] })).toMatchObject({
    code: 0,
    report: { counts: {}, problems: 0 },
  });
  // A different decision after the split is too late. The run is refused instead of ignoring it.
  const late = decisionsFile(world, { [last]: 'bob' });
  await expect(world.runHere(TASK, late)).rejects.toThrow(/an earlier run has split its chat otherwise/);
});

test('if several named hubs are in one chat, none is used, and this is reported', async () => {
  await using world = await createDataWorld();
  await storeMixed(world.connection, { participants: PEOPLE, lines: [{ from: 'ann', to: 'shop' }] });
  const { report } = await world.runHere(TASK, { hub: ['ann', 'shop'], dryRun: true });
  expect(JSON.stringify(report.details)).toContain('several users of --hub are in it (ann, shop)');
});

test('--answer-within-hours: 82 hours later a message is not for the only user who waits', async () => {
  const lines: Line[] = [
    { from: 'ann', to: 'shop' },
    { from: 'shop', to: 'bob', pauseMs: 82 * HOUR_MS },
  ];
  const readersOf = async (options: Record<string, unknown>): Promise<string[]> => {
    await using world = await createDataWorld();
    await storeMixed(world.connection, { participants: PEOPLE, lines, fields: STARTS });
    await world.runHere(TASK, options);
    const readable = await readableBy(world.connection, PEOPLE);
    return PEOPLE.filter((userId) => readable.get(userId)?.includes(textOf(1)));
  };
  expect(await readersOf({})).toEqual(['shop']);
  expect(await readersOf({ answerWithinHours: '24' })).toEqual(['shop']);
  expect(await readersOf({ answerWithinHours: '83' })).toEqual(['ann', 'shop']);
});

test('messages that only their sender sees do not count as unread', async () => {
  await using world = await createDataWorld();
  await storeMixed(world.connection, { participants: PEOPLE, lines: DOUBTFUL, fields: STARTS });
  await world.runHere(TASK);
  await expectConsistent(world);
  await using server = await startServer({ databaseName: world.databaseName });
  const shop = await server.connectAs('shop');
  const { conversations, totalUnread } = await shop.ok('getConversations', {});
  const apart = conversations.find(({ type }) => type === 'group');
  expect(apart).toMatchObject({ name: 'Messages without addressee', unreadCount: 0, messageCount: 1 });
  // One from ann and one from bob.
  expect(totalUnread).toBe(2);
});

test('a chat of two that names a user twice is corrected; a chat with a single user is ended', async () => {
  await using world = await createDataWorld();
  const { connection } = world;
  const lines: Line[] = [
    { from: 'ben', to: 'amy' },
    { from: 'amy', to: 'ben' },
  ];
  await storeMixed(connection, {
    participants: ['amy', 'ben', 'ben'],
    lines,
    fields: { participantsKey: 'amy_ben', lastSent: [2, 1, 0], lastSentN: [2, 1, 0], memberCount: 3 },
  });
  // The server created another conversation for this pair meanwhile.
  const twice = { participants: ['cem', 'dora', 'dora'], lines: [{ from: 'dora', to: 'cem' }] };
  await storeMixed(connection, {
    ...twice,
    fields: { participantsKey: 'cem_other', quarantinedKey: 'cem_dora' },
  });
  await connection
    .collection('conversations')
    .updateMany({ participantsKey: 'cem_other' }, { $unset: { participantsKey: 1 } });
  await storeMixed(connection, { participants: ['cem', 'dora'], lines: [] });
  await storeMixed(connection, {
    participants: ['x', 'x'],
    lines: [{ from: 'x', to: 'x' }],
    fields: { participantsKey: 'x_x', memberCount: 1 },
  });
  const before = await world.dump();
  const done = await world.runHere(TASK);
  expect(done.report.counts).toMatchObject({
    repetitionsRemoved: 2,
    mixedChats: 1,
    unattributedChats: 1,
    pairs: 1,
  });
  for (const check of ['add-conversation-validation', 'verify-message-user-integrity', 'check-duplicates']) {
    const verified = await world.runHere(check);
    expect([check, verified.code, verified.report.details]).toEqual([check, 0, []]);
  }
  expect(await world.runHere(TASK)).toMatchObject({ code: 0, report: { counts: {} } });
  {
    await using server = await startServer({ databaseName: world.databaseName });
    const amy = await server.connectAs('amy');
    const { conversations } = await amy.ok('getConversations', {});
    expect(conversations).toMatchObject([{ unreadCount: 0, memberCount: 2, messageCount: 2 }]);
    const x = await server.connectAs('x');
    expect((await x.ok('getConversations', {})).conversations).toMatchObject([
      { type: 'group', unreadCount: 0 },
    ]);
  }
  await connection.collection('users').deleteMany({});
  await connection.collection('processes').deleteMany({});
  const undone = await world.runHere('undo', { journal: done.report.journal });
  expect(undone.code).toBe(0);
  const stable = (dump: Record<string, string[]>) =>
    (dump['conversations'] ?? []).map((one) => one.replace(/"changedAt":\{[^}]*\{[^}]*\}\},?/, ''));
  expect(stable(await world.dump())).toEqual(stable(before));
});
