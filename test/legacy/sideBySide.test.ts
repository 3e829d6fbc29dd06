import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { messageOf, messagesOf } from '../support/messages.js';
import { until } from '../support/until.js';
import { OldTestClient } from './support/oldClient.js';

let server: TestServer;
let round = 0;
/** People that no other test knows; the second one connects, so that they exist. */
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

test('an old and a new client talk in one conversation, each under their own names and ids', async () => {
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
  // One conversation, whoever opens it and how.
  expect(await modern.open(ann)).toBe(heard.conversationId);
  expect(messagesOf(await modern.ok('getMessages', { conversationId: heard.conversationId }))).toHaveLength(
    2,
  );
});

test('an old client who has said nothing yet hears a chat under the id that it would make up', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using old = await OldTestClient.as(server, ann);
  const modern = await server.connectAs(ben);
  await modern.send(await modern.open(ann), 'hello');
  expect(await old.next('receive_message')).toMatchObject({ conversationId: `direct_${ann}_${ben}` });
  expect(await old.next('new_conversation')).toMatchObject({ id: `direct_${ann}_${ben}` });
  // And it may have made it up the other way round.
  const reversed = `direct_${ben}_${ann}`;
  expect(await old.ask('send_message', { conversationId: reversed, text: 'hi' })).toMatchObject({
    ...{ success: true, conversationId: reversed },
  });
  await modern.send(await modern.open(ann), 'and on');
  expect(await old.next('receive_message', ({ text }) => text === 'and on')).toMatchObject({
    conversationId: reversed,
  });
});

test('an old client hears nothing that only new ones know', async () => {
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

test('what is pushed keeps its order, also while ids are looked up', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  const id = await modern.open(ann);
  await using old = await OldTestClient.as(server, ann);
  await Promise.all(Array.from({ length: 40 }, (_, index) => modern.send(id, `m${index}`)));
  await until(() => old.all('receive_message').length === 40);
  const page = messagesOf(await modern.ok('getMessages', { conversationId: id }));
  expect(old.all('receive_message').map(({ id: one }) => one)).toEqual(page.map(({ _id }) => _id));
});

test('a send that is tried again is stored once, also by another connection (invariant 4)', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  await using first = await OldTestClient.as(server, ann);
  await using second = await OldTestClient.as(server, ann);
  const message = { conversationId: `direct_${ann}_${ben}`, text: 'once', tempId: 1700000000123 };
  const answers = await Promise.all([
    ...[first, first, second].map((client) => client.ask('send_message', message)),
  ]);
  answers.push(await second.ask('send_message', message));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  // Another text under the same id is no retry.
  expect(await first.ask('send_message', { ...message, text: 'twice' })).toMatchObject({
    ...{ success: false, code: 'CONFLICT', tempId: 1700000000123 },
  });
});

test('a UUID of an old client stays what it is: the new one may send it again', async () => {
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

test('a group of an old client keeps the id that it made up, for everybody in it', async () => {
  const [ann = '', ben = '', cem = ''] = await people('ann', 'ben', 'cem');
  const id = `group_${Date.now()}${round}`;
  await using old = await OldTestClient.as(server, ann);
  await using other = await OldTestClient.as(server, cem);
  const modern = await server.connectAs(ben);
  const group = { id, name: 'Trip', members: [ben, cem] };
  expect(await old.ask('create_group', group)).toMatchObject({ success: true, id, name: 'Trip' });
  // Said again, by its maker or another member, it is the same one.
  expect(await old.ask('create_group', group)).toMatchObject({ success: true, id });
  expect(await other.ask('create_group', group)).toMatchObject({ success: true, id });
  const { conversation } = await modern.next('conversation:created');
  await modern.send(conversation._id, 'to all');
  expect(await old.next('receive_message')).toMatchObject({ conversationId: id, text: 'to all' });
  expect(await other.next('receive_message')).toMatchObject({ conversationId: id, text: 'to all' });
  other.emit('send_message', { conversationId: id, text: 'from the third', tempId: 'a' });
  await modern.next('message:new', (entry) => messageOf(entry).content === 'from the third');
});

test('whoever was removed from a group hears nothing more, and is answered as a stranger (invariant 6)', async () => {
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

test('history, receipts and typing speak both languages', async () => {
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
  // Without a message it is everything.
  old.emit('mark_read', { conversationId: oldId });
  await modern.next('message:status', ({ readSeq }) => readSeq === 3);

  old.emit('typing', { conversationId: oldId });
  expect(await modern.next('typing')).toMatchObject({ conversationId: id, userId: ann, typing: true });
  await modern.ok('typing', { conversationId: id, typing: false });
  expect(await old.next('stop_typing')).toEqual({ conversationId: oldId, userId: ben });
  await old.ask('send_message', { conversationId: oldId, text: 'four' });
  await modern.ok('message:read', { conversationId: id, seq: 4 });
  expect(await old.next('messages_read', ({ seq }) => seq === 4)).toMatchObject({ userId: ben });
  const list = await old.ask('get_conversations', {});
  expect(list['conversations']).toMatchObject([{ id: oldId, lastMessage: 'four', unreadCount: 0 }]);
});

test('a chat that is not there yet is empty to read, made by the first message alone', async () => {
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

test('who is blocked is told so, and the other hears nothing', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await modern.ok('blockUser', { userId: ann, blocked: true });
  await using old = await OldTestClient.as(server, ann);
  old.emit('send_message', { conversationId: `direct_${ann}_${ben}`, text: 'hey', tempId: 't9' });
  expect(await old.next('error_message')).toMatchObject({
    ...{ code: 'BLOCKED', tempId: 't9', event: 'send_message' },
  });
  expect(modern.pushes('message:new')).toEqual([]);
});

test('how many old clients there are, and what they say, is counted', async () => {
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
  // New ones count for nothing.
  await (await server.connectAs(ann)).ok('getConversations', {});
  expect(await server.metric('parley_legacy_events_total')).toBe(before + 1);
});

test('an old client with a token in its handshake is known by its first old event', async () => {
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
