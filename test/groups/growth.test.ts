import { expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { connectedClient } from '../client/support/clients.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';
import { connectAll, createGroup } from './support/group.js';

const server = sharedServer();
const { small } = LIMITS.sizes;

/** Well below the interval at which a client asks for what no push has told it, in ms. */
const PUSHED_MS = 30_000;

const crowdOf = (owner: string, size: number): string[] =>
  Array.from({ length: size }, (_, index) => `${owner}c${index}`);

test('a group that becomes large has to be loaded again by those who were members before, and by no others', async () => {
  const [ann, ben, cid, eve] = people('ann', 'ben', 'cid', 'eve');
  const [owner, tablet, member, newcomer, stranger] = await connectAll(server(), [ann, ann, ben, cid, eve]);
  const participants = [ben, ...crowdOf(ann, small - 2)];
  const { _id: conversationId } = await createGroup(owner, { participants });
  await owner.ok('addMembers', { conversationId, userIds: [cid] });
  for (const client of [tablet, member]) {
    await client.next('conversation:updated', ({ head, stale }) => head.lastSeq === 2 && stale === true);
  }
  const { conversation } = await member.ok('getConversation', { conversationId });
  expect(conversation).toMatchObject({ isLarge: true, memberCount: small + 1 });
  await newcomer.next('conversation:created', (created) => created.conversation._id === conversationId);
  expect(stranger.heard).toEqual([]);
});

test('a member’s client follows a group that grows large: members, roles, names and messages', async () => {
  const [ann, ben, cid] = people('ann', 'ben', 'cid');
  await using owner = await connectedClient(server(), ann);
  await using open = await connectedClient(server(), ben);
  await using closed = await connectedClient(server(), cid);
  const participants = [ben, cid, ...crowdOf(ann, small - 3)];
  const { conversation } = await owner.conversations.createGroup({ name: 'small', participants });
  const id = conversation.id;
  const heldBy = (client: typeof owner) => client.state.getSnapshot().conversations[id];
  await until(() => heldBy(open) !== undefined && heldBy(closed) !== undefined, { what: 'the group' });
  await open.conversation(id).open();
  await owner.conversation(id).addMembers(crowdOf(`${ann}more`, 3));
  for (const client of [open, closed]) {
    await until(() => heldBy(client)?.isLarge === true, { what: 'a large group', timeoutMs: PUSHED_MS });
    expect(heldBy(client)?.memberCount).toBe(small + 3);
  }
  for (const userId of [ben, cid]) await owner.conversation(id).setRole(userId, 'admin');
  await owner.conversation(id).update({ name: 'large' });
  await owner.conversation(id).sendMessage({ text: 'hello' }).stored;
  for (const client of [open, closed]) {
    await until(() => heldBy(client)?.name === 'large' && heldBy(client)?.role === 'admin', {
      what: 'the name and the role',
    });
    await until(() => heldBy(client)?.lastMessage?.content === 'hello', { what: 'the message' });
  }
});
