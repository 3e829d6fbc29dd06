import { beforeAll, afterAll, expect, test } from 'vitest';
import { WEBHOOK_DATA, WEBHOOK_EVENTS, type WebhookEventName } from '../../contract/index.js';
import { backendOf, type Backend } from '../backend/support/backend.js';
import { startServer, type TestServer } from '../support/server.js';
import { messageOf, Receiver, type Delivery } from './support/receiver.js';

let server: TestServer;
let backend: Backend;
let receiver: Receiver;

beforeAll(async () => {
  server = await startServer({ env: { WEBHOOK_RETRY_MS: '20' } });
  backend = await backendOf(server);
  receiver = await Receiver.open();
  const { secret } = await backend.ok<{ secret: string }>('POST', '/webhooks', {
    body: { url: receiver.url, events: WEBHOOK_EVENTS },
  });
  receiver.secrets.push(secret);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** Checks a delivery against the contract. */
function conforms({ type, data }: Delivery): void {
  expect(WEBHOOK_DATA[type as WebhookEventName].parse(data)).toEqual(data);
}

async function chat(a: string, b: string) {
  const alice = await server.connectAs(a);
  const conversationId = await alice.open(b);
  return { alice, conversationId };
}

const about = (conversationId: string) => (delivery: Delivery) =>
  JSON.stringify(delivery.data).includes(conversationId);

test('a conversation, its messages, an edit and a deletion arrive in order, signed, with the views of the server-side API', async () => {
  const { alice, conversationId } = await chat('ann', 'ben');
  for (const content of ['one', 'two', 'three']) {
    await alice.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID() });
  }
  await alice.ok('editMessage', { conversationId, seq: 1, content: 'uno' });
  await alice.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
  const isAbout = about(conversationId);
  await receiver.first('message.updated', isAbout);
  const deleted = await receiver.first('message.deleted', isAbout);
  const all = receiver.accepted.filter(isAbout);
  for (const delivery of all) conforms(delivery);
  expect(all[0]?.type).toBe('conversation.created');
  const created = all.filter(({ type }) => type === 'message.created').map(messageOf);
  expect(created.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(deleted.data).toMatchObject({ conversationId, seq: 2, by: 'ann' });
  const { messages } = await backend.ok<{ messages: unknown[] }>(
    'GET',
    `/conversations/${conversationId}/messages`,
  );
  const updated = await receiver.first('message.updated', isAbout);
  expect(updated.data).toEqual({ message: messages[0], rev: 1, by: 'ann' });
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(receiver.forged).toEqual([]);
});

test('members of groups and channels: joined, left and removed', async () => {
  const owner = await server.connectAs('olga');
  const { conversation } = await owner.ok('createGroup', {
    type: 'channel',
    name: 'News',
    participants: ['pia'],
    open: true,
  });
  const conversationId = conversation._id;
  const isAbout = about(conversationId);
  await owner.ok('addMembers', { conversationId, userIds: ['quinn', 'rita'] });
  const sam = await server.connectAs('sam');
  await sam.ok('joinConversation', { conversationId });
  await sam.ok('leaveConversation', { conversationId });
  await owner.ok('removeMember', { conversationId, userId: 'rita' });
  const removed = await receiver.first('member.removed', isAbout);
  expect(removed.data).toMatchObject({ userIds: ['rita'], by: 'olga' });
  expect((await receiver.first('member.left', isAbout)).data).toMatchObject({ userIds: ['sam'], by: 'sam' });
  expect(
    receiver
      .typed('member.joined')
      .filter(isAbout)
      .map(({ data }) => data['userIds']),
  ).toEqual([['quinn', 'rita'], ['sam']]);
  for (const delivery of receiver.accepted.filter(isAbout)) conforms(delivery);
});

test('closed conversations, blocks and reports', async () => {
  const { alice, conversationId } = await chat('tom', 'uma');
  const uma = await server.connectAs('uma');
  const sent = { conversationId, content: 'buy this', clientMessageId: crypto.randomUUID() };
  await alice.ok('sendMessage', sent);
  await uma.ok('report', { conversationId, seq: 1, reason: 'spam', comment: 'again' });
  await uma.ok('blockUser', { userId: 'tom', blocked: true });
  await uma.ok('blockUser', { userId: 'tom', blocked: false });
  await uma.ok('unmatch', { conversationId });
  const reported = await receiver.first('user.reported');
  expect(reported.data).toMatchObject({
    report: { reporterId: 'uma', userId: 'tom', conversationId, seq: 1, reason: 'spam', comment: 'again' },
  });
  const blocked = await receiver.first('user.blocked');
  expect(blocked.data).toEqual({ userId: 'uma', blockedUserId: 'tom' });
  const closed = await receiver.first('conversation.closed', about(conversationId));
  for (const delivery of [reported, blocked, closed]) conforms(delivery);
  expect(receiver.typed('user.blocked')).toHaveLength(1);
});

test('events are read from the logs: a message costs no write besides its own', async () => {
  const { alice, conversationId } = await chat('vic', 'wes');
  await receiver.first('conversation.created', about(conversationId));
  const written: string[] = [];
  const client = server.app.models.webhooks.model.db.getClient();
  const note = ({ commandName, command }: { commandName: string; command: Record<string, unknown> }) => {
    if (['insert', 'update', 'findAndModify'].includes(commandName))
      written.push(String(command[commandName]));
  };
  client.on('commandStarted', note);
  const COUNT = 60;
  for (let n = 0; n < COUNT; n += 1) {
    await alice.ok('sendMessage', { conversationId, content: 'x', clientMessageId: crypto.randomUUID() });
  }
  await receiver.first(
    'message.created',
    (one) => about(conversationId)(one) && messageOf(one).seq === COUNT,
  );
  client.off('commandStarted', note);
  expect(written.filter((name) => name === 'messages').length).toBeGreaterThan(COUNT / 2);
  expect(written.filter((name) => name.startsWith('webhook')).length).toBeLessThan(COUNT / 2);
});

test('every event was seen', () => {
  const seen = new Set(receiver.accepted.map(({ type }) => type));
  expect(WEBHOOK_EVENTS.filter((event) => !seen.has(event))).toEqual(['message.flagged']);
});
