import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { connectedClient, createClient, online, TestLifecycle, textsOf } from './support/clients.js';
import { TestStorage } from './support/storages.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Creates a conversation of two users with messages `m1` … */
async function conversationOf(userId: string, otherUserId: string, count: number) {
  const other = await server.connectAs(otherUserId);
  const id = await other.open(userId);
  for (let index = 1; index <= count; index += 1) await other.send(id, `m${index}`);
  return { id, other };
}

const noToken = { getToken: () => new Promise<never>(() => undefined) };

describe('the cache', () => {
  it('shows the list and the messages before the network answers, and continues from there', async () => {
    const storage = new TestStorage();
    const { id, other } = await conversationOf('cached', 'cached-friend', 5);
    const first = await connectedClient(server, 'cached', { storage });
    await first.conversation(id).open();
    expect(textsOf(first, id)).toHaveLength(5);
    first.conversation(id).markRead(3);
    await first.dispose();

    await using offline = createClient(server, 'cached', { storage, ...noToken });
    await offline.connect();
    expect(offline.userId).toBe('cached');
    const list = offline.conversations.list().getSnapshot();
    expect(list).toMatchObject({ isLoaded: true, conversations: [{ id, unreadCount: 2 }] });
    await offline.conversation(id).open();
    expect(textsOf(offline, id)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    await offline.dispose();

    await other.ok('editMessage', { conversationId: id, seq: 2, content: 'edited' });
    await other.ok('deleteMessage', { conversationId: id, seq: 4, for: 'everyone' });
    await other.send(id, 'm6');
    await using again = createClient(server, 'cached', { storage });
    await again.connect();
    await again.conversation(id).open();
    await online(again);
    const expected = ['m1', 'edited', 'm3', '', 'm5', 'm6'];
    await until(() => expect(textsOf(again, id)).toEqual(expected));
    await again.disconnect();
    expect(await storage.dump('cached')).not.toContain('"m4"');
    expect(again.violations).toEqual([]);
  });

  it('is written when the app is suspended, and only what has changed', async () => {
    const storage = new TestStorage();
    const lifecycle = new TestLifecycle();
    const ids = await Promise.all(
      ['one', 'two', 'three'].map(
        async (name) => (await conversationOf('suspended', `suspended-${name}`, 1)).id,
      ),
    );
    await using client = await connectedClient(server, 'suspended', { storage, lifecycle });
    await Promise.all(ids.map((id) => client.conversation(id).open()));
    lifecycle.suspend();
    await until(async () => (await storage.dump('suspended')).includes('"m1"'));
    let writes = 0;
    storage.before = (operation) => {
      if (operation === 'write') writes += 1;
      return Promise.resolve();
    };
    lifecycle.suspend();
    lifecycle.suspend();
    await client.disconnect();
    expect(writes).toBeLessThanOrEqual(1);
  });

  it('never gets ahead of its data, wherever the client is killed', async () => {
    const { id, other } = await conversationOf('killed', 'killed-friend', 1);
    const storage = new TestStorage();
    for (let step = 1; step <= 6; step += 1) {
      const lifecycle = new TestLifecycle();
      // From this write on the device keeps nothing.
      let writes = 0;
      storage.before = (operation) => {
        if (operation === 'write') writes += 1;
        return writes < step ? Promise.resolve() : new Promise(() => undefined);
      };
      const killed = await connectedClient(server, 'killed', { storage, lifecycle });
      await killed.conversation(id).open();
      await other.send(id, `step ${step}`);
      await other.ok('editMessage', { conversationId: id, seq: 1, content: `edited ${step}` });
      await until(() => textsOf(killed, id).includes(`step ${step}`));
      lifecycle.suspend();
      void killed.dispose();

      storage.before = () => Promise.resolve();
      await using after = createClient(server, 'killed', { storage });
      await after.connect();
      await after.conversation(id).open();
      await online(after);
      const expected = [`edited ${step}`, ...Array.from({ length: step }, (_, index) => `step ${index + 1}`)];
      await until(() => expect(textsOf(after, id)).toEqual(expected), {
        what: `the history after step ${step}`,
      });
    }
  });

  it('forgets what was deleted for the user, cleared, or hidden by a block while it was not open', async () => {
    const storage = new TestStorage();
    const { id, other } = await conversationOf('hiding', 'hiding-friend', 3);
    const group = await other.ok('createGroup', { name: 'Group', participants: ['hiding'] });
    const groupId = group.conversation._id;
    await other.send(groupId, 'from a blocked user');
    const first = await connectedClient(server, 'hiding', { storage });
    await Promise.all([id, groupId].map((one) => first.conversation(one).open()));
    await first.dispose();
    const phone = await connectedClient(server, 'hiding');
    await phone.conversation(id).delete(2, 'me');
    await phone.safety.block('hiding-friend');
    await phone.dispose();

    await using again = createClient(server, 'hiding', { storage });
    await again.connect();
    await online(again);
    await Promise.all([id, groupId].map((one) => again.conversation(one).open()));
    expect(textsOf(again, id)).not.toContain('m2');
    expect(textsOf(again, groupId)).not.toContain('from a blocked user');
  });

  it('that is read because a message has come is brought up to date at once', async () => {
    const storage = new TestStorage();
    const { id, other } = await conversationOf('grown', 'grown-friend', 3);
    const first = await connectedClient(server, 'grown', { storage });
    await until(async () => (await storage.dump('grown')).includes('"m3"'));
    await first.dispose();

    await other.ok('deleteMessage', { conversationId: id, seq: 1, for: 'everyone' });
    await using again = await connectedClient(server, 'grown', { storage });
    expect(textsOf(again, id)).toEqual([]);
    await other.send(id, 'm4');
    // Long before the periodic synchronisation.
    await until(() => expect(textsOf(again, id)).toEqual(['', 'm2', 'm3', 'm4']), { timeoutMs: 25_000 });
    await until(() => again.unreadCount.getSnapshot() === 3, { timeoutMs: 25_000 });
  });

  it('is dropped when it cannot be read, and unsent messages are not', async () => {
    const storage = new TestStorage();
    const { id } = await conversationOf('damaged', 'damaged-friend', 1);
    const first = await connectedClient(server, 'damaged', { storage });
    await first.disconnect();
    await first.conversation(id).sendMessage({ text: 'unsent' }).persisted;
    await first.dispose();
    const area = await storage.open('damaged');
    await area.write([
      { collection: 'meta', key: 'cursor', value: '{broken' },
      { collection: 'conversations', key: id, value: 'null' },
      { collection: 'outbox', key: 'x', value: '[]' },
    ]);
    await using again = await connectedClient(server, 'damaged', { storage });
    await again.conversation(id).open();
    await until(() => expect(textsOf(again, id)).toEqual(['m1', 'unsent']));
  });

  it('that is read slowly does not replace what came from the server meanwhile', async () => {
    const storage = new TestStorage();
    const { id, other } = await conversationOf('slow', 'slow-friend', 1);
    const first = await connectedClient(server, 'slow', { storage });
    await first.conversation(id).open();
    await first.dispose();
    await other.send(id, 'm2');
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    storage.before = (operation) => (operation === 'readAll' ? gate : Promise.resolve());
    await using again = createClient(server, 'slow', { storage, userId: 'slow' });
    void again.connect();
    await again.disconnect();
    const connected = again.connect();
    // Whatever is not waiting for the storage has time to happen.
    await Promise.race([connected, online(again), new Promise((resolve) => setTimeout(resolve, 300))]);
    release();
    await online(again);
    await again.conversation(id).open();
    await until(() => expect(textsOf(again, id)).toEqual(['m1', 'm2']));
    expect(again.conversations.list().getSnapshot().conversations).toMatchObject([{ lastSeq: 2 }]);
  });

  it('works without a storage that works: everything is kept in memory, and reported', async () => {
    const storage = new TestStorage();
    storage.before = () => Promise.reject(new Error('no disk'));
    const { id } = await conversationOf('diskless', 'diskless-friend', 1);
    await using client = createClient(server, 'diskless', { storage });
    const errors: string[] = [];
    client.on('storageError', ({ operation }) => errors.push(operation));
    await client.connect();
    await online(client);
    await expect(client.conversation(id).sendMessage({ text: 'hi' }).stored).resolves.toMatchObject({
      seq: 2,
    });
    expect(errors).toContain('write');
  });
});
