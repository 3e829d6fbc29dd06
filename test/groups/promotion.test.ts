import { expect, test } from 'vitest';
import { summariesWritten } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer } from '../support/server.js';
import { connectAll, createGroup } from './support/group.js';

const server = sharedServer();

test('a channel’s member who becomes an admin keeps history and unread count on a process that only reads of it', async () => {
  await using other = await startServer({ databaseName: server().databaseName });
  const [ann, ben] = people('ann', 'ben');
  const [owner] = await connectAll(server(), [ann]);
  const { _id: conversationId } = await createGroup(owner, {
    ...{ type: 'channel', history: 'joined', participants: [ben] },
  });
  for (const content of ['one', 'two', 'three']) await owner.send(conversationId, content);
  await summariesWritten(server());
  const [reader] = await connectAll(other, [ben]);
  const before = await reader.ok('getConversation', { conversationId });
  expect(before.conversation).toMatchObject({ unreadCount: 3, lastReadSeq: 0, role: 'member' });
  await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
  const after = await reader.ok('getConversation', { conversationId });
  expect(after.conversation).toMatchObject({ unreadCount: 3, lastReadSeq: 0, role: 'admin' });
  expect(await reader.send(conversationId, 'four')).toMatchObject({ success: true });
  const page = await reader.ok('getMessages', { conversationId });
  expect(page.messages.map(({ content }) => content).filter(Boolean)).toEqual([
    'one',
    'two',
    'three',
    'four',
  ]);
});
