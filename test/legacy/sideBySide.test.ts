import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { messageOf, messagesOf } from '../support/messages.js';
import { until } from '../support/until.js';
import { OldTestClient } from './support/oldClient.js';

let server: TestServer;
let round = 0;
/** Creates users for one test; the second one connects, so that it exists. */
const people = async (...names: string[]): Promise<string[]> => {
  round += 1;
  const ids = names.map((name) => `${name}${round}`);
  for (const id of ids) (await server.connectAs(id)).close();
  return ids;
};

beforeAll(async () => {
  server = await startServer({ env: { LEGACY_EVENTS: 'true' } });
});
afterAll(() => server[Symbol.asyncDispose]());

test('an old and a new client use one conversation, each with their own names and ids', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  const oldId = `direct_${ann}_${ben}`;

  old.emit('send_message', { conversationId: oldId, text: 'from before', tempId: 'temp_1' });
  const sent = await old.next('message_sent');
  expect(sent).toMatchObject({
    conversationId: oldId,
    text: 'from before',
    tempId: 'temp_1',
    status: 'sent',
  });
  const heard = messageOf(await modern.next('message:new'));
  expect(heard).toMatchObject({ content: 'from before', senderId: ann, seq: 1 });
  expect(heard.conversationId).toMatch(/^[0-9a-f]{24}$/);

  await modern.send(heard.conversationId, 'from now');
  expect(await old.next('receive_message')).toMatchObject({
    ...{ conversationId: oldId, text: 'from now', senderId: ben },
  });
  // There is one conversation, however it is opened.
  expect(await modern.open(ann)).toBe(heard.conversationId);
  expect(messagesOf(await modern.ok('getMessages', { conversationId: heard.conversationId }))).toHaveLength(
    2,
  );
});

test('an old client that has not written yet receives a chat under the id that it would derive', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  await modern.send(await modern.open(ann), 'hello');
  expect(await old.next('receive_message')).toMatchObject({ conversationId: `direct_${ann}_${ben}` });
  expect(await old.next('new_conversation')).toMatchObject({ id: `direct_${ann}_${ben}` });
  // The client may also derive the id in the reversed order.
  const reversed = `direct_${ben}_${ann}`;
  expect(await old.ask('send_message', { conversationId: reversed, text: 'hi' })).toMatchObject({
    ...{ success: true, conversationId: reversed },
  });
  await modern.send(await modern.open(ann), 'and on');
  expect(await old.next('receive_message', ({ text }) => text === 'and on')).toMatchObject({
    conversationId: reversed,
  });
});

test('an old client receives no event that only new clients know', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  const id = await modern.open(ann);
  const { seq } = await modern.ok('sendMessage', { conversationId: id, content: 'x', clientMessageId: 'm1' });
  await modern.ok('react', { conversationId: id, seq, emoji: '❤️', on: true });
  await modern.ok('editMessage', { conversationId: id, seq, content: 'y' });
  await old.next('message_edited', ({ text }) => text === 'y');
  expect(old.names().sort()).toEqual(['message_edited', 'new_conversation', 'receive_message']);
});

test('pushes stay in order, also while ids are being looked up', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  const id = await modern.open(ann);
  await using old = await OldTestClient.as(server, ann);
  await Promise.all(Array.from({ length: 40 }, (_, index) => modern.send(id, `m${index}`)));
  await until(() => old.all('receive_message').length === 40);
  const page = messagesOf(await modern.ok('getMessages', { conversationId: id }));
  expect(old.all('receive_message').map(({ id: one }) => one)).toEqual(page.map(({ _id }) => _id));
});

test('a retried send is stored once, also over another connection (promise 4)', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using first = await OldTestClient.as(server, ann);
  await using second = await OldTestClient.as(server, ann);
  const message = { conversationId: `direct_${ann}_${ben}`, text: 'once', tempId: 1700000000123 };
  const answers = await Promise.all([
    ...[first, first, second].map((client) => client.ask('send_message', message)),
  ]);
  answers.push(await second.ask('send_message', message));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  // Another text with the same id is not a retry.
  expect(await first.ask('send_message', { ...message, text: 'twice' })).toMatchObject({
    ...{ success: false, code: 'CONFLICT', tempId: 1700000000123 },
  });
});

test('a UUID of an old client is kept: a new client may retry with it', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const tempId = crypto.randomUUID();
  await using old = await OldTestClient.as(server, ann);
  const { id } = await old.ask('send_message', {
    ...{ conversationId: `direct_${ann}_${ben}`, text: 'x', tempId },
  });
  const modern = await server.connectAs(ann);
  const again = await modern.send(await modern.open(ben), 'x', tempId);
  expect(again).toMatchObject({ success: true, data: { _id: id, duplicate: true } });
});

test('a group of an old client keeps its id for all members', async () => {
  const [ann = '', ben = '', cem = ''] = await people('ann', 'ben', 'cem');
  const id = `group_${Date.now()}${round}`;
  await using old = await OldTestClient.as(server, ann);
  await using other = await OldTestClient.as(server, cem);
  const modern = await server.connectAs(ben);
  const group = { id, name: 'Trip', members: [ben, cem] };
  expect(await old.ask('create_group', group)).toMatchObject({ success: true, id, name: 'Trip' });
  // Repeated by its creator or another member, the command returns the same group.
  expect(await old.ask('create_group', group)).toMatchObject({ success: true, id });
  expect(await other.ask('create_group', group)).toMatchObject({ success: true, id });
  const { conversation } = await modern.next('conversation:created');
  await modern.send(conversation._id, 'to all');
  expect(await old.next('receive_message')).toMatchObject({ conversationId: id, text: 'to all' });
  expect(await other.next('receive_message')).toMatchObject({ conversationId: id, text: 'to all' });
  other.emit('send_message', { conversationId: id, text: 'from the third', tempId: 'a' });
  await modern.next('message:new', (entry) => messageOf(entry).content === 'from the third');
});

test('a removed member receives nothing more, and is answered like a stranger (promise 6)', async () => {
  const [ann = '', ben = '', cem = ''] = await people('ann', 'ben', 'cem');
  const id = `group_${Date.now()}${round}`;
  await using removed = await OldTestClient.as(server, cem);
  const owner = await server.connectAs(ann);
  await using oldOwner = await OldTestClient.as(server, ann);
  await oldOwner.ask('create_group', { id, name: 'Trip', members: [ben, cem] });
  const { conversation } = await owner.next('conversation:created');
  await owner.send(conversation._id, 'with cem');
  await removed.next('receive_message');
  await owner.ok('removeMember', { conversationId: conversation._id, userId: cem });
  await owner.send(conversation._id, 'without cem');
  await oldOwner.next('receive_message', ({ text }) => text === 'without cem');
  expect(await removed.ask('send_message', { conversationId: id, text: 'still here' })).toMatchObject({
    ...{ success: false, code: 'NOT_PARTICIPANT' },
  });
  expect(removed.all('receive_message').map(({ text }) => text)).toEqual(['with cem']);
});

test('history, receipts and typing work for both kinds of clients', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const oldId = `direct_${ann}_${ben}`;
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  const id = await modern.open(ann);
  await modern.send(id, 'one');
  await modern.send(id, 'two');

  const page = await old.ask('get_messages', { conversationId: oldId });
  expect(page['conversationId']).toBe(oldId);
  const [, two] = page['messages'] as Record<string, unknown>[];
  expect(two).toMatchObject({ text: 'two', conversationId: oldId });
  old.emit('mark_read', { conversationId: oldId, messageId: two?.['id'] });
  expect(await modern.next('message:status', ({ readSeq }) => readSeq === 2)).toMatchObject({ userId: ann });
  await modern.send(id, 'three');
  // Without a message it marks everything.
  old.emit('mark_read', { conversationId: oldId });
  await modern.next('message:status', ({ readSeq }) => readSeq === 3);

  old.emit('typing', { conversationId: oldId });
  expect(await modern.next('typing')).toMatchObject({ conversationId: id, userId: ann, typing: true });
  await modern.ok('typing', { conversationId: id, typing: false });
  expect(await old.next('stop_typing')).toEqual({ conversationId: oldId, userId: ben });
  const four = await old.ask('send_message', { conversationId: oldId, text: 'four' });
  const told = { conversationId: oldId, userId: ben, messageId: four['id'], seq: 4 };
  await modern.ok('message:delivered', { conversationId: id, seq: 4 });
  expect(await old.next('messages_delivered', ({ seq }) => seq === 4)).toMatchObject(told);
  await modern.ok('message:read', { conversationId: id, seq: 4 });
  expect(await old.next('messages_read', ({ seq }) => seq === 4)).toMatchObject(told);
  const list = await old.ask('get_conversations', {});
  expect(list['conversations']).toMatchObject([{ id: oldId, lastMessage: 'four', unreadCount: 0 }]);
});

test('a chat that does not exist yet is empty to read, and is created by the first message only', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const oldId = `direct_${ann}_${ben}`;
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  expect(await old.ask('join_room', oldId)).toMatchObject({ success: true, conversationId: oldId });
  expect(await old.ask('get_messages', { conversationId: oldId })).toMatchObject({
    ...{ success: true, messages: [], hasMore: false },
  });
  expect((await modern.ok('getConversations', {})).conversations).toEqual([]);
  await old.ask('send_message', { conversationId: oldId, text: 'first' });
  await modern.next('message:new');
});

test('a user blocked by a contact gets an error, and the other receives nothing', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await using old = await OldTestClient.as(server, ann);
  const conversationId = `direct_${ann}_${ben}`;
  expect(await old.ask('send_message', { conversationId, text: 'hello' })).toMatchObject({ success: true });
  const { conversationId: id } = await modern.next('message:new');
  await modern.send(id, 'hello yourself');
  await modern.ok('blockUser', { userId: ann, blocked: true });
  old.emit('send_message', { conversationId, text: 'hey', tempId: 't9' });
  expect(await old.next('error_message')).toMatchObject({
    ...{ code: 'BLOCKED', tempId: 't9', event: 'send_message' },
  });
  expect(JSON.stringify(modern.heard)).not.toContain('"hey"');
});

test('a user blocked by a stranger gets the usual answer, and the other receives nothing', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await modern.ok('blockUser', { userId: ann, blocked: true });
  await using old = await OldTestClient.as(server, ann);
  const conversationId = `direct_${ann}_${ben}`;
  expect(await old.ask('send_message', { conversationId, text: 'hey' })).toMatchObject({ success: true });
  expect((await modern.ok('getConversations', {})).conversations).toEqual([]);
  expect(modern.pushes('message:new')).toEqual([]);
});

test('connections and events of old clients are counted', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const before = await server.metric('parley_legacy_events_total');
  const connected = await server.metric('parley_legacy_connections');
  {
    await using old = await OldTestClient.as(server, ann);
    await old.ask('get_messages', { conversationId: `direct_${ann}_${ben}` });
    expect(await server.metric('parley_legacy_connections')).toBe(connected + 1);
  }
  expect(await server.metric('parley_legacy_events_total')).toBe(before + 1);
  await until(async () => (await server.metric('parley_legacy_connections')) === connected);
  // New clients are not counted.
  await (await server.connectAs(ann)).ok('getConversations', {});
  expect(await server.metric('parley_legacy_events_total')).toBe(before + 1);
});

test('an old client with a token in its handshake is recognized by its first old event', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const auth = { token: server.token(ann) };
  await using old = await OldTestClient.connect(server.url, '', { auth });
  const modern = await server.connectAs(ben);
  const id = await modern.open(ann);
  await modern.send(id, 'before');
  await until(() => old.heard.some(({ event }) => event === 'message:new'));
  expect(await old.ask('mark_read', { conversationId: `direct_${ann}_${ben}` })).toMatchObject({
    success: true,
  });
  await modern.send(id, 'after');
  expect(await old.next('receive_message')).toMatchObject({ text: 'after' });
});
