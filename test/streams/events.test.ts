import { describe, expect, test } from 'vitest';
import type { PushName } from '../../contract/index.js';
import { misfits, payloadAt } from '../contract/support/documentSchemas.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { StreamClient } from './support/streamClient.js';

const server = sharedServer();

const streamOf = (
  userId: string,
  path = '/api/events',
  overrides: Record<string, unknown> = {},
): StreamClient => new StreamClient(server().url + path, server().token(userId, overrides));

async function scene() {
  const [alice, bob] = people('alice', 'bob');
  const [one, two] = await Promise.all([server().connectAs(alice), server().connectAs(bob)]);
  const conversationId = await one.open(bob);
  return { alice, bob, one, two, conversationId };
}

async function sendAll(client: TestClient, conversationId: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.send(conversationId, text);
}

describe('an event stream', () => {
  test('has the pushes of a socket: the same names and data, each with a position', async () => {
    const { alice, one, two, conversationId } = await scene();
    await using stream = await streamOf(alice).open();
    await two.send(conversationId, 'hello');
    await stream.next('message:new');
    await two.ok('editMessage', { conversationId, seq: 1, content: 'good day' });
    await two.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    await two.ok('typing', { conversationId, typing: true });
    await two.ok('deleteMessage', { conversationId, seq: 1, for: 'everyone' });
    await stream.next('message:deleted');
    await one.ok('message:read', { conversationId, seq: 1 });
    await one.ok('updateSettings', { conversationId, archived: true });
    await stream.next('conversation:settings');
    for (const name of [
      'message:new',
      'message:updated',
      'message:reaction',
      'message:deleted',
      'typing',
    ] as const) {
      expect(stream.of(name)).toEqual(one.pushes(name));
    }
    for (const { event, data, id } of stream.events) {
      expect(misfits('asyncapi', payloadAt(event as PushName, 'push'), { success: true, data })).toEqual([]);
      expect(id).toMatch(/^[\w.~-]+$/);
    }
    expect(stream.retryMs).toBeGreaterThan(0);
  });

  test('has what the user sends on other devices', async () => {
    const { alice, one, conversationId } = await scene();
    await using stream = await streamOf(alice).open();
    await one.send(conversationId, 'mine');
    expect(await stream.next('message:new')).toMatchObject({ content: 'mine', senderId: alice });
  });

  test('begins with what was stored during an absence: in order, nothing missing, nothing twice', async () => {
    const { alice, bob, two, conversationId } = await scene();
    const stream = await streamOf(alice).open();
    await sendAll(two, conversationId, ['1', '2', '3']);
    await until(() => stream.seqs(conversationId).length === 3);
    stream.close();
    await stream.ended;
    const [carol] = people('carol');
    const third = await server().connectAs(carol);
    const other = await third.open(alice);
    await sendAll(two, conversationId, ['4', '5']);
    await sendAll(third, other, ['a', 'b']);
    await two.ok('editMessage', { conversationId, seq: 2, content: '2, edited' });
    await two.ok('react', { conversationId, seq: 5, emoji: '🎉', on: true });
    await stream.open();
    await until(() => stream.seqs(conversationId).length === 5 && stream.seqs(other).length === 2);
    await sendAll(two, conversationId, ['6']);
    await until(() => stream.seqs(conversationId).length === 6);
    expect(stream.seqs(conversationId)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(stream.seqs(other)).toEqual([1, 2]);
    expect(stream.of('message:updated')).toMatchObject([
      { rev: 1, seq: 2, message: { content: '2, edited' } },
    ]);
    expect(stream.of('message:reaction')).toMatchObject([{ rev: 2, seq: 5, userId: bob }]);
    stream.close();
  });

  test('loses and repeats nothing when the connection is cut anywhere', async () => {
    const { alice, two, conversationId } = await scene();
    const stream = await streamOf(alice).open();
    await until(() => stream.lastEventId);
    stream.close();
    await stream.ended;
    for (let round = 1; round <= 40; round += 1) {
      await two.send(conversationId, `message ${round}`);
      await stream.open({ cutAfterBytes: 2_300 + round * 61 });
      // Some cuts come before the event is complete: the next connection has it.
      await Promise.race([stream.ended, until(() => stream.seqs(conversationId).at(-1) === round)]);
      stream.close();
      await stream.ended;
    }
    await stream.open();
    await until(() => stream.seqs(conversationId).at(-1) === 40);
    expect(stream.seqs(conversationId)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    stream.close();
  });

  test('reads what is missing before an event whose predecessor was lost on the way', async () => {
    const { alice, bob, one, conversationId } = await scene();
    // Without Redis another process does not reach this one: its live events are lost.
    await using elsewhere = await startServer({ databaseName: server().databaseName });
    await using far = await elsewhere.connectAs(bob);
    await using stream = await streamOf(alice).open();
    await one.send(conversationId, '1');
    await until(() => stream.seqs(conversationId).length === 1);
    await far.send(conversationId, '2');
    await far.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    await one.send(conversationId, '3');
    await one.ok('react', { conversationId, seq: 1, emoji: '🎉', on: true });
    await stream.next('message:reaction', ({ emoji }) => emoji === '🎉');
    expect(stream.seqs(conversationId)).toEqual([1, 2, 3]);
    expect(stream.of('message:reaction')).toMatchObject([{ rev: 1 }, { rev: 2 }]);
  });

  test('of another history of the database says so and goes on from now', async () => {
    const { alice, two, conversationId } = await scene();
    await using stream = await streamOf(alice).open();
    await two.send(conversationId, 'before');
    await stream.next('message:new');
    const [version, cursor = '', ...rest] = (stream.lastEventId ?? '').split('~');
    const [, ...walk] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const foreign = Buffer.from(JSON.stringify([crypto.randomUUID(), ...walk])).toString('base64url');
    await using restored = await streamOf(alice).open({ lastEventId: [version, foreign, ...rest].join('~') });
    expect(await restored.next('sync:advised')).toEqual({ withinMs: 0 });
    await two.send(conversationId, 'after');
    await restored.next('message:new', ({ content }) => content === 'after');
    expect(restored.seqs(conversationId).filter((seq) => seq === 2)).toEqual([2]);
  });
});

describe('the stream of a conversation', () => {
  test.each(['9~0', '1~9'])(
    'whose position %s is beyond the end says so, and goes on from now',
    async (place) => {
      const { alice, two, conversationId } = await scene();
      await two.send(conversationId, 'before');
      const stream = streamOf(alice, `/api/conversations/${conversationId}/events`);
      await using restored = await stream.open({ lastEventId: `1~${conversationId}~${place}` });
      expect(await restored.next('sync:advised')).toEqual({ withinMs: 0 });
      await two.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
      expect(await restored.next('message:reaction')).toMatchObject({ rev: 1 });
      await two.send(conversationId, 'after');
      await restored.next('message:new', ({ content }) => content === 'after');
    },
  );

  test('has its events only, and resumes by their numbers', async () => {
    const { alice, two, conversationId } = await scene();
    const [carol] = people('carol');
    const third = await server().connectAs(carol);
    const other = await third.open(alice);
    const stream = await streamOf(alice, `/api/conversations/${conversationId}/events`).open();
    await third.send(other, 'elsewhere');
    await two.send(conversationId, '1');
    await stream.next('message:new');
    stream.close();
    await stream.ended;
    await sendAll(two, conversationId, ['2', '3']);
    await stream.open();
    await until(() => stream.seqs(conversationId).length === 3);
    expect(stream.seqs(conversationId)).toEqual([1, 2, 3]);
    expect(stream.seqs(other)).toEqual([]);
    stream.close();
  });

  test('of a large group has its messages, which the stream of the user leaves out', async () => {
    const [owner, member, absent] = people('owner', 'member', 'absent');
    const client = await server().connectAs(owner);
    const participants = [member, absent, ...Array.from({ length: 60 }, (_, index) => `${owner}-${index}`)];
    const { conversation } = await client.ok('createGroup', { name: 'Crowd', participants });
    const path = `/api/conversations/${conversation._id}/events`;
    await using all = await streamOf(absent).open();
    await using one = await streamOf(member, path).open();
    await client.send(conversation._id, 'to all');
    expect(await one.next('message:new')).toMatchObject({ content: 'to all' });
    await all.next(
      'conversation:updated',
      ({ head }) => (head as { lastSeq: number }).lastSeq > conversation.lastSeq,
    );
    expect(all.of('message:new')).toEqual([]);
  });

  test('ends when its user is removed, and is refused to strangers', async () => {
    const [owner, member, stranger] = people('owner', 'member', 'stranger');
    const client = await server().connectAs(owner);
    const { conversation } = await client.ok('createGroup', { name: 'Few', participants: [member] });
    const path = `/api/conversations/${conversation._id}/events`;
    await using stream = await streamOf(member, path).open();
    await until(() => stream.lastEventId);
    await client.ok('removeMember', { conversationId: conversation._id, userId: member });
    await stream.next('conversation:removed');
    await stream.ended;
    await client.send(conversation._id, 'about them');
    expect(stream.of('message:new').map(({ content }) => content)).not.toContain('about them');
    for (const userId of [stranger, member]) {
      await expect(streamOf(userId, path).open()).rejects.toMatchObject({
        status: 403,
        body: { success: false, code: 'NOT_PARTICIPANT' },
      });
    }
  });
});
