import { describe, expect, test } from 'vitest';
import { TEXT_LOCATIONS } from '../../backend/src/services/changes/textLocations.js';
import { expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone } from '../contract/support/scene.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { Inspector } from '../redis/support/inspector.js';
import { RedisServer } from '../support/redisServer.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { collectionsWith, storedIn, storedRevs } from './support/stored.js';

const server = sharedServer();

describe('deleting a message for everyone', () => {
  test('leaves its place, live, on pages and in the list', async () => {
    const { alice, tablet, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'secret');
    await bob.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    const place = { conversationId, seq: 1 };
    expect(await alice.ok('deleteMessage', { ...place, for: 'everyone' })).toEqual({ ...place, rev: 2 });
    for (const client of [tablet, bob]) {
      const heard = await client.next('message:deleted');
      expect(heard).toMatchObject({ rev: 2, kind: 'delete', userId: alice.userId });
      expect(heard.message).toMatchObject({ seq: 1, content: '', reactions: [], deletedAt: heard.at });
    }
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ seq: 1, content: '', attachments: [], reactions: [] }]);
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ lastSeq: 1, messageCount: 1, unreadCount: 0, rev: 2 });
    expect(conversation.lastMessage).toMatchObject({ content: '' });
  });

  test('is final: nothing changes it any more, and the same again is the same', async () => {
    const scene = await createScene(server());
    const { alice, conversationId } = scene;
    const sent = { conversationId, content: 'secret', clientMessageId: 'a' };
    await alice.ok('sendMessage', sent);
    const place = { conversationId, seq: 1 };
    await alice.ok('deleteMessage', { ...place, for: 'everyone' });
    expect(await alice.ok('deleteMessage', { ...place, for: 'everyone' })).toEqual({ ...place, rev: 1 });
    const refused = { code: 'NOT_FOUND', server: server(), listeners: everyone(scene) } as const;
    await expectRefused(() => alice.call('editMessage', { ...place, content: 'x' }), refused);
    await expectRefused(() => alice.call('react', { ...place, emoji: '👍', on: true }), refused);
    await expectRefused(() => alice.call('pinMessage', { ...place, pinned: true }), refused);
    expect(await alice.ok('sendMessage', sent)).toMatchObject({ seq: 1, content: '', duplicate: true });
  });

  test('is the right of its writer; in a direct chat nobody is in charge', async () => {
    const scene = await createScene(server());
    const { alice, bob, conversationId } = scene;
    await alice.send(conversationId, 'mine');
    const wish = { conversationId, seq: 1, for: 'everyone' };
    await expectRefused(() => bob.call('deleteMessage', wish), {
      ...{ code: 'FORBIDDEN', server: server(), listeners: everyone(scene) },
    });
  });

  test('beats edits and reactions that come at the same moment', async () => {
    const { alice, tablet, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'first');
    const place = { conversationId, seq: 1 };
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        if (index === 15) return alice.call('deleteMessage', { ...place, for: 'everyone' });
        return index % 2 === 0
          ? tablet.call('editMessage', { ...place, content: `again and again ${index}` })
          : bob.call('react', { ...place, emoji: ['👍', '🎉', '😂', '😮'][index % 4], on: index % 3 === 0 });
      }),
    );
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages[0]).toMatchObject({ content: '', reactions: [] });
    expect(await collectionsWith(server(), 'again and again')).toEqual([]);
    expect(await bob.ok('getEdits', place)).toEqual({ edits: [] });
    expect(await bob.ok('getReactions', place)).toEqual({ reactions: [] });
  });
});

describe.each(['memory', 'redis'] as const)('a deleted text, with copies kept in %s', (where) => {
  test('is nowhere any more: in no collection, in no copy, on no process', async () => {
    const redis = where === 'redis' ? await RedisServer.start() : undefined;
    const env: Record<string, string> = redis === undefined ? {} : { REDIS_URL: redis.url };
    const databaseName = newDatabaseName();
    await using own = await startServer({ databaseName, env });
    await using other = await startServer({ databaseName, env });
    const [ann, bob] = [await own.connectAs('ann'), await other.connectAs('bob')];
    const conversationId = await ann.open('bob');
    const secret = 'whisperedsecret';
    await ann.send(conversationId, `${secret} one`);
    await ann.ok('editMessage', { conversationId, seq: 1, content: `${secret} two` });
    await ann.ok('sendMessage', {
      ...{ conversationId, content: '', clientMessageId: 'pic' },
      attachments: [{ kind: 'image', url: `https://files.example.com/${secret}.jpg`, name: secret }],
    });
    await bob.ok('sendMessage', { conversationId, content: 'ah', clientMessageId: 'b', replyTo: 1 });
    await bob.ok('react', { conversationId, seq: 2, emoji: '👀', on: true });
    // As an older version took it: any sign.
    const byBob = { userId: 'bob', seq: 2 };
    await storedIn(own, 'reactions').updateOne(byBob, { $set: { 'state.emojis': [secret] } });
    // Read by both, so that there are copies.
    for (const client of [ann, bob]) await client.ok('getMessages', { conversationId });
    const stored = TEXT_LOCATIONS.map(({ location }) => location);
    const before = await collectionsWith(own, secret);
    expect(stored, 'a place of text that is not in the table').toEqual(expect.arrayContaining(before));
    expect(before).toEqual(['changes', 'messages', 'reactions']);
    const inRedis = async () => (redis === undefined ? [] : await keysWith(redis, secret));
    if (redis !== undefined) expect(await inRedis()).toHaveLength(1);

    for (const seq of [1, 2]) await ann.ok('deleteMessage', { conversationId, seq, for: 'everyone' });

    expect(await collectionsWith(own, secret)).toEqual([]);
    expect(await inRedis()).toEqual([]);
    for (const client of [bob, ann]) {
      const page = await client.ok('getMessages', { conversationId });
      expect(JSON.stringify(page)).not.toContain(secret);
      expect(page.messages[2]).toMatchObject({ quoted: { seq: 1, kind: 'deleted' } });
      expect(JSON.stringify(await client.ok('getConversations', {}))).not.toContain(secret);
      expect(await client.ok('getEdits', { conversationId, seq: 1 })).toEqual({ edits: [] });
      const { changes } = await client.ok('getChanges', { conversationId, afterRev: 0 });
      expect(JSON.stringify(changes.map(({ message }) => message))).not.toContain(secret);
    }
    expect(await inRedis()).toEqual([]);
    expect(await storedRevs(own)).toEqual([1, 2, 3, 4]);
    await redis?.[Symbol.asyncDispose]();
  });
});

/** The keys of a Redis in whose values a text is found. */
async function keysWith({ url }: RedisServer, text: string): Promise<string[]> {
  await using inspector = new Inspector(url, '');
  const { redis } = inspector;
  const read = async (key: string): Promise<unknown> => {
    const type = await redis.type(key);
    if (type === 'hash') return redis.hgetall(key);
    if (type === 'set') return redis.smembers(key);
    if (type === 'zset') return redis.zrange(key, '0', '-1');
    return redis.get(key);
  };
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map(read));
  return keys.filter((_, index) => JSON.stringify(values[index]).includes(text));
}
