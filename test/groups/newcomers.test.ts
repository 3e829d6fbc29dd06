import { expect, test } from 'vitest';
import { LIMITS, type UserId } from '../../contract/index.js';
import { newConversationId, objectId } from '../../backend/src/models/objectIds.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer, type TestServer } from '../support/server.js';
import { connectAll, createGroup, listMembers } from './support/group.js';

const server = sharedServer();

const codes = (refused: readonly { userId: string; code: string }[]): Record<string, string> =>
  Object.fromEntries(refused.map(({ userId, code }) => [userId, code]));

/** Makes a user a member of this many large conversations, as far as the limit is concerned. */
async function fillUp({ app }: TestServer, userId: string, count: number): Promise<void> {
  const { collection } = app.models.members.model;
  await collection.insertMany(
    Array.from({ length: count }, () => ({
      ...{ conversationId: objectId(newConversationId()), userId, role: 'member', rank: 2, joinedSeq: 1 },
      ...{ apart: true, lastReadSeq: 0, lastDeliveredSeq: 0, changedAt: new Date() },
    })),
  );
}

/** Sends a message in the direct conversation of two users. */
async function write(from: TestClient, to: string): Promise<void> {
  const conversationId = await from.open(to);
  expect(await from.send(conversationId, 'hello')).toMatchObject({ success: true });
}

test('no user gets into more large groups and channels than the limit, by any way; the others are added', async () => {
  const [ann, full, cid] = people('ann', 'full', 'cid');
  const [owner, victim] = await connectAll(server(), [ann, full]);
  await fillUp(server(), full, LIMITS.maxLarge - 1);
  const last = await owner.ok('createGroup', { type: 'channel', name: 'last', participants: [full] });
  expect(last.refused).toEqual([]);
  const made = await owner.ok('createGroup', { type: 'channel', name: 'beyond', participants: [full, cid] });
  expect(made.refused).toEqual([{ userId: full, code: 'LIMIT_EXCEEDED' }]);
  const conversationId = made.conversation._id;
  expect((await listMembers(owner, conversationId)).toSorted()).toEqual([ann, cid].toSorted());
  const added = await owner.ok('addMembers', { conversationId, userIds: [full] });
  expect(added.refused).toEqual([{ userId: full, code: 'LIMIT_EXCEEDED' }]);
  expect(await victim.call('joinConversation', { conversationId })).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  // A group that becomes large by this addition counts, too; a small one does not.
  const crowd = Array.from({ length: LIMITS.sizes.small - 1 }, (_, index) => `${ann}x${index}`);
  const { _id: group } = await createGroup(owner, { participants: crowd });
  const grown = await owner.ok('addMembers', { conversationId: group, userIds: [full] });
  expect(grown.refused).toEqual([{ userId: full, code: 'LIMIT_EXCEEDED' }]);
  expect((await owner.ok('createGroup', { name: 'small', participants: [full] })).refused).toEqual([]);
  // Leaving one frees capacity for another.
  await victim.ok('leaveConversation', { conversationId: last.conversation._id });
  expect((await owner.ok('addMembers', { conversationId, userIds: [full] })).refused).toEqual([]);
});

test('a setting decides who may add a user to groups: everyone, contacts, or nobody', async () => {
  const [ann, ben, cid, dan] = people('ann', 'ben', 'cid', 'dan');
  const [owner, picky, closed] = await connectAll(server(), [ann, ben, cid]);
  // With receipts off, a message still makes its recipient a contact.
  await picky.ok('updatePrivacy', { addToGroups: 'contacts', readReceipts: false });
  await closed.ok('updatePrivacy', { addToGroups: 'nobody' });
  const { _id: conversationId } = await createGroup(owner, { participants: [] });
  const add = async () =>
    codes((await owner.ok('addMembers', { conversationId, userIds: [ben, cid, dan] })).refused);
  // Receiving a message does not make the sender a contact.
  await write(owner, ben);
  expect(await add()).toEqual({ [ben]: 'FORBIDDEN', [cid]: 'FORBIDDEN' });
  await write(picky, ann);
  await write(closed, ann);
  expect(await add()).toEqual({ [cid]: 'FORBIDDEN' });
  expect((await listMembers(owner, conversationId)).toSorted()).toEqual([ann, ben, dan].toSorted());
  // A member who is named again is not refused, whatever they have set since.
  await picky.ok('updatePrivacy', { addToGroups: 'nobody' });
  expect(await add()).toEqual({ [cid]: 'FORBIDDEN' });
});

test('a block and the setting result in the same refusal, over HTTP as well', async () => {
  const [ann, ben, cid, dan] = people('ann', 'ben', 'cid', 'dan');
  const [, blocker, closed] = await connectAll(server(), [ann, ben, cid]);
  await blocker.ok('blockUser', { userId: ann, blocked: true });
  await closed.ok('updatePrivacy', { addToGroups: 'nobody' });
  const api = server().api(ann);
  const made = dataOf<{ conversation: { _id: string; memberCount: number }; refused: unknown[] }>(
    await api.post('/api/conversations', { name: 'Hikers', participants: [ben, cid, dan] }),
  );
  const refused = [ben, cid].map((userId) => ({ userId, code: 'FORBIDDEN' }));
  expect(made).toMatchObject({ conversation: { memberCount: 2 }, refused });
  const path = `/api/conversations/${made.conversation._id}/members`;
  expect(dataOf(await api.post(path, { userIds: [ben, cid, dan] }))).toMatchObject({ refused });
  expect([...blocker.pushes('conversation:created'), ...closed.pushes('conversation:created')]).toEqual([]);
});

test('a repeated creation lists the same users as refused, and adds no one', async () => {
  const [ann, ben, cid] = people('ann', 'ben', 'cid');
  const [owner, closed] = await connectAll(server(), [ann, ben]);
  await closed.ok('updatePrivacy', { addToGroups: 'nobody' });
  const payload = { name: 'Hikers', participants: [ben, cid], clientConversationId: crypto.randomUUID() };
  const answers = await Promise.all(Array.from({ length: 5 }, () => owner.ok('createGroup', payload)));
  await closed.ok('updatePrivacy', { addToGroups: 'everyone' });
  answers.push(await owner.ok('createGroup', payload));
  for (const { refused, conversation } of answers) {
    expect(refused).toEqual([{ userId: ben, code: 'FORBIDDEN' }]);
    expect(conversation.memberCount).toBe(2);
  }
});

test('a caller without the right to add learns nothing about the users', async () => {
  const [ann, ben, cid] = people('ann', 'ben', 'cid');
  const [owner, member, closed] = await connectAll(server(), [ann, ben, cid]);
  await closed.ok('updatePrivacy', { addToGroups: 'nobody' });
  const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
  const answer = await member.call('addMembers', { conversationId, userIds: [cid] });
  expect(answer).toMatchObject({ success: false, code: 'FORBIDDEN' });
  expect(answer).not.toHaveProperty('data');
  expect(await closed.call('addMembers', { conversationId, userIds: [cid] })).toMatchObject({
    code: 'NOT_PARTICIPANT',
  });
});

test('a user can add only a limited number of strangers per day, counting the same person in several groups', async () => {
  await using limited = await startServer({ env: { RATE_LIMITS: 'addStranger=5/86400s,open=1000/1s' } });
  const [ann, friend] = await connectAll(limited, ['ann', 'friend']);
  await write(friend, 'ann');
  const strangers = ['s1', 's2', 's3'];
  const first = await ann.ok('createGroup', { name: 'one', participants: ['friend', ...strangers] });
  expect(first.refused).toEqual([]);
  const { _id: conversationId } = first.conversation;
  // Members are not counted again.
  expect((await ann.ok('addMembers', { conversationId, userIds: strangers })).refused).toEqual([]);
  const channels = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      ann.ok('createGroup', { type: 'channel', name: `${index}`, participants: ['victim', 'friend'] }),
    ),
  );
  const refused = channels.flatMap((channel) => channel.refused);
  expect(refused).toEqual([1, 2].map(() => ({ userId: 'victim', code: 'RATE_LIMITED' })));
  for (const { conversation } of channels) expect(conversation.memberCount).toBeGreaterThanOrEqual(2);
  const roles = { roles: ['backend'] };
  const backend = await limited.connectAs('ann', { token: limited.token('ann', roles) });
  expect(
    (await backend.ok('createGroup', { name: 'event', participants: ['s4', 's5', 's6'] })).refused,
  ).toEqual([]);
});

test('adding a thousand members costs a handful of queries', async () => {
  const [ann] = people('ann');
  const owner = await server().connectAs(ann);
  const userIds = Array.from({ length: 999 }, (_, index) => `${ann}x${index}` as UserId);
  const commands: string[] = [];
  const client = server().app.models.members.model.db.getClient();
  const listen = ({
    commandName,
    command,
  }: {
    commandName: string;
    command: Record<string, unknown>;
  }): void => {
    const collection = String(command[commandName]);
    if (['find', 'aggregate'].includes(commandName)) commands.push(`${commandName} ${collection}`);
  };
  client.on('commandStarted', listen);
  await owner.ok('createGroup', { name: 'Crowd', participants: userIds });
  client.off('commandStarted', listen);
  expect(commands.filter((name) => name === 'aggregate members')).toHaveLength(1);
  // Polls of the process itself may occur in between.
  expect(commands.length).toBeLessThan(40);
});
