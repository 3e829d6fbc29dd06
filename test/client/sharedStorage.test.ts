import { expect, it } from 'vitest';
import { memoryStorage } from '../../packages/client/src/index.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { connectedClient, createClient, online } from './support/clients.js';

it('users who are named share a storage: signing in as one leaves what is stored for the other', async () => {
  await using server = await startServer();
  const storage = memoryStorage();
  await using alice = await connectedClient(server, 'alice', { userId: 'alice', storage });
  const { conversation } = await alice.conversations.getOrCreateDirect('bob');
  await alice.disconnect();
  await alice.conversation(conversation.id).sendMessage({ text: 'not sent yet' }).persisted;

  await using bob = await connectedClient(server, 'bob', { userId: 'bob', storage });
  await bob.dispose();
  await using again = createClient(server, 'alice', { userId: 'alice', storage });
  await again.connect();
  expect(again.outbox.getPending()).toMatchObject([{ content: 'not sent yet' }]);
  expect(again.conversations.list().getSnapshot()).toMatchObject({
    conversations: [{ id: conversation.id }],
  });
});

it('a cache that another window has cleared meanwhile is not taken for the whole list', async () => {
  await using server = await startServer();
  const storage = memoryStorage();
  const bob = await server.connectAs('bob');
  const fromBob = await bob.open('alice');
  await bob.send(fromBob, 'one');
  const carol = await server.connectAs('carol');
  await carol.send(await carol.open('alice'), 'two');
  await using alice = await connectedClient(server, 'alice', { userId: 'alice', storage });
  const listed = () => alice.conversations.list().getSnapshot().conversations;
  expect(listed()).toHaveLength(2);
  // Until both are reported as delivered, both are written again.
  const delivered = () => listed().map(({ positions }) => positions['alice']?.delivered);
  await until(() => delivered().join() === '1,1', { what: 'both positions' });
  await alice.disconnect();
  await alice.connect();
  await online(alice);

  const area = await storage.open('alice');
  await area.clear(['meta', 'conversations', 'messages']);
  await bob.send(fromBob, 'three');
  await until(() => listed()[0]?.lastMessage?.content === 'three', { what: 'the message' });
  await alice.disconnect();
  expect(await area.readAll('conversations')).toHaveLength(1);

  // Without a network, only the cache could be shown.
  const getToken = () => Promise.reject(new Error('no network'));
  await using offline = createClient(server, 'alice', { userId: 'alice', storage, getToken });
  await offline.connect();
  expect(offline.conversations.list().getSnapshot()).toMatchObject({ isLoaded: false, conversations: [] });
  await offline.dispose();
  await using again = await connectedClient(server, 'alice', { userId: 'alice', storage });
  expect(again.conversations.list().getSnapshot().conversations).toHaveLength(2);
});
