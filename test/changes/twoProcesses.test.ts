import { expect, inject, test } from 'vitest';
import { ServerProcess } from '../support/serverProcess.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import type { TestClient } from '../support/client.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { storedIn, storedRevs } from './support/stored.js';

/** Returns the state of a conversation that changes affect, as one of its members reads it. */
async function stateOf(client: TestClient, conversationId: string) {
  const [page, { conversation }, { changes, rev }] = await Promise.all([
    client.ok('getMessages', { conversationId }),
    client.ok('getConversation', { conversationId }),
    client.ok('getChanges', { conversationId, afterRev: 0, limit: 200 }),
  ]);
  const messages = page.messages.map(({ seq, content, reactions, deletedAt }) => ({
    ...{ seq, content, deletedAt },
    reactions: reactions?.map(({ emoji, count }) => [emoji, count]),
  }));
  return { messages, pinned: conversation.pinnedMessages, rev, changes: changes.map((one) => one.rev) };
}

/** Returns the reactions that result from folding the change log. */
async function foldedReactions(server: TestServer, seq: number): Promise<Map<string, Set<string>>> {
  const changes = await storedIn(server, 'changes')
    .find({ seq, kind: 'reaction' })
    .sort({ rev: 1 })
    .toArray();
  const given = new Map<string, Set<string>>();
  for (const { by, what } of changes) {
    const { emoji, on } = what as { emoji: string; on: boolean };
    const users = given.get(emoji) ?? new Set<string>();
    given.set(emoji, users);
    if (on) users.add(String(by));
    else users.delete(String(by));
  }
  return given;
}

test('two processes that change the same messages concurrently: revs are gapless and unique, and both show the same state', async () => {
  const databaseName = newDatabaseName();
  const env = { SEND_TIMEOUT_MS: '60000' };
  await using a = await startServer({ databaseName, env });
  await using b = await startServer({ databaseName, env });
  const [ann, annB, bob, bobB] = await Promise.all([
    a.connectAs('ann'),
    b.connectAs('ann'),
    a.connectAs('bob'),
    b.connectAs('bob'),
  ]);
  const conversationId = await ann.open('bob');
  for (const seq of [1, 2, 3, 4]) await ann.send(conversationId, `text ${seq}`);
  const emojis = ['👍', '🎉', '😂'];
  const acts = Array.from({ length: 160 }, (_, index) => {
    const seq = 1 + (index % 4);
    const [own, other] = index % 2 === 0 ? [ann, bobB] : [annB, bob];
    if (index === 100) return ann.call('deleteMessage', { conversationId, seq: 4, for: 'everyone' });
    if (index % 5 === 0) return own.call('editMessage', { conversationId, seq, content: `edit ${index}` });
    if (index % 11 === 0) return other.call('pinMessage', { conversationId, seq, pinned: index % 3 > 0 });
    const emoji = emojis[index % 3];
    return (index % 7 < 4 ? own : other).call('react', { conversationId, seq, emoji, on: index % 9 < 6 });
  });
  const answers = await Promise.all(acts);
  const refused = answers.flatMap((answer) => (answer.success ? [] : [answer.code]));
  expect(new Set(refused)).toEqual(new Set(refused.length > 0 ? ['NOT_FOUND'] : []));
  const revs = await storedRevs(a);
  expect(revs).toEqual(Array.from({ length: revs.length }, (_, index) => index + 1));
  const [seenA, seenB] = await Promise.all([stateOf(ann, conversationId), stateOf(bobB, conversationId)]);
  expect(seenB).toEqual(seenA);
  expect(seenA.rev).toBe(revs.length);
  for (const seq of [1, 2, 3]) {
    const folded = [...(await foldedReactions(a, seq))].map(([emoji, users]) => [emoji, users.size]);
    const shown = seenA.messages[seq - 1]?.reactions ?? [];
    expect(shown.toSorted()).toEqual(folded.filter(([, count]) => count !== 0).toSorted());
  }
  expect(seenA.messages[3]).toMatchObject({ content: '', reactions: [] });
});

test('a process killed between storing a change and applying it: the next start applies it before it accepts connections', async () => {
  const databaseName = newDatabaseName();
  const proxy = await TcpProxy.start(inject('mongoUri'));
  await using _proxy = proxy;
  await using first = await ServerProcess.start({ databaseName, mongoUri: proxy.mongoUri });
  const ann = await first.connectAs('ann');
  const conversationId = await ann.open('bob');
  await ann.send(conversationId, 'killed secret');
  await ann.ok('editMessage', { conversationId, seq: 1, content: 'killed secret, edited' });
  // Holds only the update that a deletion makes to its message.
  const held = proxy.watch('deletedBy', 'hold');
  ann.call('deleteMessage', { conversationId, seq: 1, for: 'everyone' }).catch(() => undefined);
  await until(() => held.hits > 0);
  await first.kill();
  await using second = await startServer({ databaseName });
  expect(await storedRevs(second)).toEqual([1, 2]);
  const [message] = await storedIn(second, 'messages').find().toArray();
  expect(message).toMatchObject({ content: '', deletedBy: 'ann' });
  const bob = await second.connectAs('bob');
  const { conversation } = await bob.ok('getConversation', { conversationId });
  expect(conversation).toMatchObject({ rev: 2, lastMessage: { content: '' } });
  expect(JSON.stringify(await storedIn(second, 'changes').find().toArray())).not.toContain('secret');
  const { conversations } = await bob.ok('sync', {});
  expect(conversations).toMatchObject([{ _id: conversationId, rev: 2 }]);
});

test('a process that dies while another one runs: its stored change is applied within 10 s', async () => {
  const databaseName = newDatabaseName();
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using other = await startServer({ databaseName });
  await using first = await ServerProcess.start({ databaseName, mongoUri: proxy.mongoUri });
  const ann = await first.connectAs('ann');
  const conversationId = await ann.open('bob');
  await ann.send(conversationId, 'one');
  const held = proxy.watch('editRev', 'hold');
  ann.call('editMessage', { conversationId, seq: 1, content: 'two' }).catch(() => undefined);
  await until(() => held.hits > 0);
  await first.kill();
  const bob = await other.connectAs('bob');
  await until(async () => {
    const { messages } = await bob.ok('getMessages', { conversationId });
    return messages[0]?.content === 'two';
  });
});

test('a change whose acknowledgement by the database is lost is stored once, and answered', async () => {
  const databaseName = newDatabaseName();
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({ databaseName, mongoUri: proxy.mongoUri });
  const ann = await server.connectAs('ann');
  const conversationId = await ann.open('bob');
  await ann.send(conversationId, 'one');
  for (const [round, action] of (['loseReply', 'cut', 'late'] as const).entries()) {
    const text = `markedtext${round}`;
    const rule = proxy.watch(text, action, 1);
    const answer = ann.call('editMessage', { conversationId, seq: 1, content: text });
    await until(() => rule.hits > 0);
    rule.release();
    expect(await answer).toMatchObject({ success: true, data: { change: { message: { content: text } } } });
    const revs = await storedRevs(server);
    expect(revs).toEqual(Array.from({ length: round + 1 }, (_, index) => index + 1));
  }
});
