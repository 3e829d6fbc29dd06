import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationId as toConversationId } from '../../contract/index.js';
import { objectId } from '../../backend/src/models/objectIds.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp } from '../contract/support/refusal.js';
import { people } from '../contract/support/sharedServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { startTwo, type TwoServers } from '../redis/support/twoServers.js';
import { until } from '../support/until.js';
import { createGroup, readLog, upTo } from './support/group.js';

/** Two processes: connected by Redis, and by nothing but the database. */
const SETTINGS = [
  ['over Redis', startTwo],
  ['with the database alone', startTwoAlone],
] as const;

async function startTwoAlone(): Promise<Pick<TwoServers, 'a' | 'b'> & AsyncDisposable> {
  const databaseName = newDatabaseName();
  const a = await startServer({ databaseName });
  const b = await startServer({ databaseName });
  return {
    ...{ a, b },
    [Symbol.asyncDispose]: async () => {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
    },
  };
}

describe.each(SETTINGS)('a user removed on one process, %s (promise 6)', (_name, start) => {
  let servers: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    servers = await start();
  });
  afterAll(async () => {
    await servers[Symbol.asyncDispose]();
  });
  const connect = async (): Promise<[TestServer, TestServer]> => Promise.resolve([servers.a, servers.b]);

  test('neither sends, reads, types nor marks on another process from the answer on', async () => {
    const [a, b] = await connect();
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, removed] = [await a.connectAs(ann), await b.connectAs(ben)];
    const { _id: conversationId } = await createGroup(owner, { participants: [ben, cid] });
    await removed.send(conversationId, 'hello');
    await removed.ok('getMessages', { conversationId });
    await owner.ok('removeMember', { conversationId, userId: ben });
    const refused = { success: false, code: 'NOT_PARTICIPANT' };
    expect(await removed.send(conversationId, 'still here?')).toMatchObject(refused);
    expect(await removed.call('getMessages', { conversationId })).toMatchObject(refused);
    expect(await removed.call('getConversation', { conversationId })).toMatchObject(refused);
    expect(await removed.call('getMembers', { conversationId })).toMatchObject(refused);
    expect(await removed.call('watchConversation', { conversationId, watching: true })).toMatchObject(
      refused,
    );
    expect((await removed.ok('getConversations', {})).conversations).toEqual([]);
    // Typing is authorized from cached state, which may lag by a second.
    await until(async () => !(await removed.call('typing', { conversationId, typing: true })).success);
    expect(await removed.call('message:read', { conversationId, seq: 1 })).toMatchObject(refused);
  });

  test('removed during a burst from both sides has no message after the removal, and receives none', async () => {
    const [a, b] = await connect();
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const owner = await a.connectAs(ann);
    const [removed, member] = [await b.connectAs(ben), await b.connectAs(cid)];
    const { _id: conversationId } = await createGroup(owner, { participants: [ben, cid] });
    const burst = Array.from({ length: 60 }, (_, index) =>
      Promise.all([
        removed.send(conversationId, `of the removed ${index}`),
        member.send(conversationId, `of a member ${index}`),
        ...(index === 30 ? [owner.call('removeMember', { conversationId, userId: ben })] : []),
      ]),
    );
    await Promise.all(burst);
    const log = await readLog(owner, conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length));
    const removalSeq = log.find(({ action }) => action?.type === 'removed')?.seq ?? 0;
    expect(removalSeq).toBeGreaterThan(1);
    expect(log.filter(({ senderId, seq }) => senderId === ben && seq > removalSeq)).toEqual([]);
    await caughtUp([removed, member]);
    expect(removed.pushes('message:new').filter(({ seq }) => seq > removalSeq)).toEqual([]);
    const current = async () => (await owner.ok('getConversation', { conversationId })).conversation;
    // The summary of what the other process has stored is written a moment later.
    await until(async () => (await current()).lastSeq === log.length, { what: 'the summary' });
    expect(await current()).toMatchObject({ memberCount: 2, lastSeq: log.length });
  });

  test('receives nothing from after the removal when a retry reaches a process that has not noticed it', async () => {
    const [a, b] = await connect();
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, removed] = [await a.connectAs(ann), await b.connectAs(ben)];
    const { _id: conversationId } = await createGroup(owner, { participants: [ben, cid] });
    const [there, here] = [await a.connectAs(cid), await b.connectAs(cid)];
    await here.send(conversationId, 'so that this process knows who is in it');
    await owner.ok('removeMember', { conversationId, userId: ben });
    const sent = { conversationId, content: 'behind it', clientMessageId: 'behind' };
    const { seq } = await there.ok('sendMessage', sent);
    expect(await here.ok('sendMessage', sent)).toMatchObject({ seq, duplicate: true });
    await caughtUp([removed]);
    expect(removed.pushes('message:new').filter((message) => message.seq >= seq)).toEqual([]);
  });

  test('from a large group that both have open receives nothing more; the others receive it, or its head', async () => {
    const [a, b] = await connect();
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const crowd = Array.from({ length: 60 }, (_, index) => `${ann}x${index}`);
    const owner = await a.connectAs(ann);
    const [removed, member] = [await b.connectAs(ben), await b.connectAs(cid)];
    const { _id: conversationId, isLarge } = await createGroup(owner, { participants: [ben, cid, ...crowd] });
    expect(isLarge).toBe(true);
    for (const client of [owner, removed, member]) {
      await client.ok('watchConversation', { conversationId, watching: true });
    }
    await owner.ok('removeMember', { conversationId, userId: ben });
    const sent = await owner.ok('sendMessage', {
      ...{ conversationId, content: 'secret', clientMessageId: crypto.randomUUID() },
    });
    if (_name === 'over Redis') {
      await until(() =>
        [
          ...member.pushes('message:new').map(({ seq }) => seq),
          ...member.pushes('conversation:updated').map(({ head }) => head.lastSeq),
        ].some((seq) => seq >= sent.seq),
      );
    }
    await caughtUp([removed, member]);
    expect(JSON.stringify(removed.pushes('message:new'))).not.toContain('secret');
    expect(removed.pushes('conversation:updated').filter(({ head }) => head.lastSeq >= sent.seq)).toEqual([]);
    // The sockets of remaining members were moved to the new room: the next message arrives live.
    if (_name !== 'over Redis') return;
    await until(async () => {
      const { seq } = await owner.ok('sendMessage', {
        ...{ conversationId, content: 'again', clientMessageId: crypto.randomUUID() },
      });
      await caughtUp([member]);
      return member.pushes('message:new').some((message) => message.seq === seq);
    });
    expect(JSON.stringify(removed.pushes('message:new'))).not.toContain('again');
  });
});

describe('a membership event whose writer died right after storing it', () => {
  test('counts immediately, and the next reader writes everything that follows from it', async () => {
    await using server = await startServer();
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, removed] = [await server.connectAs(ann), await server.connectAs(ben)];
    const { _id } = await createGroup(owner, { participants: [ben, cid] });
    const conversationId = toConversationId.parse(_id);
    const { seq } = await owner.ok('sendMessage', {
      ...{ conversationId, content: 'hello', clientMessageId: crypto.randomUUID() },
    });
    // Stored like an entry of another process that has not written anything else yet.
    await server.app.models.messages.insert(
      [
        {
          ...{ _id: objectId('f'.repeat(24)).toHexString() as never, conversationId, seq: seq + 1, n: 1 },
          ...{ control: seq + 1, controlSeq: seq + 1, senderId: ann, clientMessageId: 'sys:dead' },
          ...{ payloadHash: '', kind: 'system', content: '', createdAt: new Date() },
          action: { type: 'removed', userIds: [ben] },
        },
      ],
      { ordered: true },
    );
    expect(await removed.call('getMessages', { conversationId })).toMatchObject({ code: 'NOT_PARTICIPANT' });
    expect(await removed.send(conversationId, 'mine')).toMatchObject({ code: 'NOT_PARTICIPANT' });
    const stored = await until(() =>
      rawCollection(server, 'conversations').findOne({ _id: objectId(conversationId), control: seq + 1 }),
    );
    expect(stored['participants']).toEqual([ann, cid]);
    const member = await rawCollection(server, 'members').findOne({ userId: ben });
    expect(member).toMatchObject({ rank: 9, leftSeq: seq + 1 });
  });
});
