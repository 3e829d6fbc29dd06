import { describe, expect, test } from 'vitest';
import type { CommandName, ErrorCode } from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup, listMembers, readLog, upTo } from './support/group.js';

const server = sharedServer();

describe('creating a group', () => {
  test('makes the caller its owner and notifies every member', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, member, other] = await connectAll(server(), [ann, ben, cid]);
    const group = await createGroup(owner, { participants: [ben, cid], name: 'Hikers' });
    expect(group).toMatchObject({
      type: 'group',
      name: 'Hikers',
      memberCount: 3,
      role: 'owner',
      isLarge: false,
    });
    expect(group.members.map(({ _id, role }) => [_id, role]).sort()).toEqual([
      [ann, 'owner'],
      [ben, 'member'],
      [cid, 'member'],
    ]);
    for (const client of [member, other]) {
      const { conversation } = await client.next('conversation:created');
      expect(conversation).toMatchObject({ _id: group._id, role: 'member', memberCount: 3, unreadCount: 0 });
    }
  });

  test('repeated with the same clientConversationId returns the first one, also concurrently', async () => {
    const [ann, ben] = people('ann', 'ben');
    const owner = await server().connectAs(ann);
    const payload = { name: 'Hikers', participants: [ben], clientConversationId: crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => owner.ok('createGroup', payload)));
    expect(new Set(answers.map(({ conversation }) => conversation._id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const answer = await owner.call('createGroup', { ...payload, name: 'Bikers' });
    expect(answer).toMatchObject({ success: false, code: 'CONFLICT' });
    const [first] = answers;
    await owner.ok('leaveConversation', { conversationId: first?.conversation._id ?? '' });
    expect(await owner.call('createGroup', payload)).toMatchObject({ code: 'NOT_PARTICIPANT' });
  });

  test('with more than a thousand members is refused', async () => {
    const [ann] = people('ann');
    const owner = await server().connectAs(ann);
    const participants = Array.from({ length: 1_000 }, (_, index) => `crowd${index}`);
    expect(await owner.call('createGroup', { name: 'Crowd', participants })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });
});

describe('the membership of a group', () => {
  test('is in its log, gapless, and the same for all members (promise 3)', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, member] = await Promise.all([server().connectAs(ann), server().connectAs(ben)]);
    const { _id: conversationId } = await createGroup(owner, { participants: [ben], history: 'all' });
    await owner.send(conversationId, 'one');
    await owner.ok('addMembers', { conversationId, userIds: [cid] });
    await owner.ok('updateConversation', { conversationId, name: 'Climbers' });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
    await member.ok('removeMember', { conversationId, userId: cid });
    await member.send(conversationId, 'two');
    await member.ok('leaveConversation', { conversationId });
    const log = await readLog(owner, conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(upTo(8));
    expect(log.map((entry) => entry.action?.type ?? entry.content ?? entry.kind)).toEqual([
      'created',
      'one',
      'added',
      'renamed',
      'hidden',
      'removed',
      'two',
      'left',
    ]);
    const { conversation } = await owner.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ memberCount: 1, messageCount: 2, lastSeq: 8, name: 'Climbers' });
  });

  test('is changed by owner and admins only; a refusal notifies no one', async () => {
    const [ann, ben, cid, eve] = people('ann', 'ben', 'cid', 'eve');
    const clients = await connectAll(server(), [ann, ben, cid, eve]);
    const [owner, admin, member, stranger] = clients;
    const { _id: conversationId } = await createGroup(owner, { participants: [ben, cid] });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
    const refused = (act: { by: TestClient; command: CommandName }, payload: object, code: ErrorCode) =>
      expectRefused(() => act.by.call(act.command, { conversationId, ...payload }), {
        ...{ code, server: server(), listeners: clients },
      });
    await refused({ by: member, command: 'addMembers' }, { userIds: [eve] }, 'FORBIDDEN');
    await refused({ by: member, command: 'removeMember' }, { userId: ben }, 'FORBIDDEN');
    await refused({ by: member, command: 'updateConversation' }, { name: 'Mine' }, 'FORBIDDEN');
    await refused({ by: member, command: 'setRole' }, { userId: cid, role: 'owner' }, 'FORBIDDEN');
    await refused({ by: admin, command: 'removeMember' }, { userId: ann }, 'FORBIDDEN');
    await refused({ by: admin, command: 'setRole' }, { userId: cid, role: 'admin' }, 'FORBIDDEN');
    await refused({ by: stranger, command: 'addMembers' }, { userIds: [eve] }, 'NOT_PARTICIPANT');
    await refused({ by: stranger, command: 'joinConversation' }, {}, 'NOT_PARTICIPANT');
    await refused({ by: stranger, command: 'leaveConversation' }, {}, 'NOT_PARTICIPANT');
    await refused({ by: stranger, command: 'getMembers' }, {}, 'NOT_PARTICIPANT');
  });

  test('passes ownership of a leaving owner to the oldest admin, else the oldest member; the last one to leave ends the group', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [one, two, three] = await connectAll(server(), [ann, ben, cid]);
    const { _id: conversationId } = await createGroup(one, { participants: [ben, cid] });
    await one.ok('setRole', { conversationId, userId: cid, role: 'admin' });
    await one.ok('leaveConversation', { conversationId });
    expect((await three.ok('getConversation', { conversationId })).conversation.role).toBe('owner');
    await three.ok('leaveConversation', { conversationId });
    expect((await two.ok('getConversation', { conversationId })).conversation.role).toBe('owner');
    await two.ok('leaveConversation', { conversationId });
    expect(await two.call('getConversation', { conversationId })).toMatchObject({ code: 'NOT_PARTICIPANT' });
    expect(await two.ok('leaveConversation', { conversationId })).toEqual({ conversationId });
  });

  test('never grows to three in a direct chat: refused, counted', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const client = await server().connectAs(ann);
    const conversationId = await client.open(ben);
    await client.send(conversationId, 'hello');
    const before = await server().metric('parley_third_member_refused_total');
    const answer = await client.call('addMembers', { conversationId, userIds: [cid] });
    expect(answer).toMatchObject({ code: 'FORBIDDEN' });
    expect(await client.call('leaveConversation', { conversationId })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await server().metric('parley_third_member_refused_total')).toBe(before + 1);
    expect((await client.ok('getConversation', { conversationId })).conversation.memberCount).toBe(2);
  });

  test('shows earlier messages to new members only if the group allows it', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, late] = await Promise.all([server().connectAs(ann), server().connectAs(ben)]);
    for (const history of ['joined', 'all'] as const) {
      const { _id: conversationId } = await createGroup(owner, { participants: [], history });
      await owner.send(conversationId, 'before');
      await owner.ok('addMembers', { conversationId, userIds: [ben] });
      await owner.send(conversationId, 'after');
      const log = await readLog(late, conversationId);
      const kinds = log.map(({ kind }) => kind);
      expect(kinds).toEqual(
        history === 'all' ? ['system', 'text', 'system', 'text'] : ['hidden', 'hidden', 'system', 'text'],
      );
      const { conversation } = await late.ok('getConversation', { conversationId });
      expect(conversation).toMatchObject({
        unreadCount: 1,
        lastReadSeq: 2,
        visibleFromSeq: history === 'all' ? 1 : 3,
      });
    }
  });

  test('shows names, pictures and roles, and no other user data', async () => {
    const [ann, ben] = people('ann', 'ben');
    const owner = await server().connectAs(ann, {
      token: server().token(ann, { name: 'Ann', email: 'ann@example.com' }),
    });
    const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
    const { members } = await owner.ok('getMembers', { conversationId });
    expect(members).toEqual([
      { _id: ann, name: 'Ann', role: 'owner', joinedSeq: 1 },
      { _id: ben, role: 'member', joinedSeq: 1 },
    ]);
  });
});

test('a conversation tells since when each member belongs to it: positions before that come from joining', async () => {
  const [ann, ben, cleo] = people('ann', 'ben', 'cleo');
  const owner = await server().connectAs(ann);
  const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
  await owner.send(conversationId, 'before Cleo');
  const added = await owner.ok('addMembers', { conversationId, userIds: [cleo] });
  const members = [
    { _id: ann, joinedSeq: 1 },
    { _id: ben, joinedSeq: 1 },
    { _id: cleo, joinedSeq: 3, lastReadSeq: 2 },
  ];
  expect(added.conversation.members).toMatchObject(members);
  expect((await owner.ok('getConversation', { conversationId })).conversation.members).toMatchObject(members);
});

describe('two hundred concurrent joins and leaves', () => {
  test('result in an exact count, the same everywhere (requirement D3)', { timeout: 60_000 }, async () => {
    const [ann] = people('ann');
    const owner = await server().connectAs(ann);
    const { _id: conversationId } = await createGroup(owner, { participants: [], open: true });
    const crowd = Array.from({ length: 100 }, (_, index) => `${ann}x${index}`);
    const clients = await Promise.all(crowd.map((id) => server().connectAs(id)));
    await Promise.all(clients.map((client) => client.ok('joinConversation', { conversationId })));
    const stay = clients.slice(0, 50);
    await Promise.all([
      ...clients.slice(50).map((client) => client.ok('leaveConversation', { conversationId })),
      ...stay.map((client) => client.ok('joinConversation', { conversationId })),
    ]);
    const ids = await listMembers(owner, conversationId);
    expect(ids.toSorted()).toEqual([ann, ...stay.map(({ userId }) => userId)].toSorted());
    const { conversation } = await owner.ok('getConversation', { conversationId });
    expect(conversation.memberCount).toBe(51);
    const log = await readLog(owner, conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length));
    await caughtUp(clients);
    // The group has grown large and become small again: all remaining members still have it in their list.
    for (const client of [owner, ...stay]) {
      const { conversations } = await client.ok('getConversations', {});
      expect(conversations.map(({ _id }) => _id)).toContain(conversationId);
    }
  });
});
