import { describe, expect, test } from 'vitest';
import { createArchiveModel } from '../../backend/src/models/archiveModel.js';
import { createScene } from '../contract/support/scene.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { collectionsWith, storedIn } from '../changes/support/stored.js';
import type { TestClient } from '../support/client.js';
import { interpose } from './support/interposed.js';
import { storeMixed } from './support/mixedChat.js';
import { createDataWorld } from '../support/dataScript.js';
import { startServer, type TestServer } from '../support/server.js';

const server = sharedServer({ env: { EDIT_WINDOW_MS: '0', DELETE_WINDOW_MS: '0' } });
const DAY_MS = 86_400_000;

/** Sets the times of all messages of a conversation to a hundred days ago. */
const age = async (at: TestServer, conversationId: string): Promise<void> => {
  const { models } = at.app;
  await models.messages.model.updateMany(
    { conversationId },
    { createdAt: new Date(Date.now() - 100 * DAY_MS) },
  );
};

/** Archives all messages that are old enough. @returns their number. */
async function archiveAll(at: TestServer): Promise<number> {
  const { archive } = at.app.models;
  const old = await archive.findArchivable(new Date(Date.now() - 30 * DAY_MS), {
    afterId: undefined,
    limit: 1_000,
  });
  return archive.archive(old, new Date());
}

/** Returns everything that a client can read of a conversation. */
async function everythingSeen(client: TestClient, conversationId: string) {
  return {
    newest: await client.ok('getMessages', { conversationId }),
    before: await client.ok('getMessages', { conversationId, before: 4, limit: 2 }),
    after: await client.ok('getMessages', { conversationId, after: 1, limit: 2 }),
    around: await client.ok('getMessages', { conversationId, around: 3, limit: 3 }),
    list: (await client.ok('getConversations', {})).conversations,
    changes: await client.ok('getChanges', { conversationId, afterRev: 0 }),
    synced: (await client.ok('sync', {})).conversations,
  };
}

async function saySomeThings({ alice, bob, conversationId }: Awaited<ReturnType<typeof createScene>>) {
  await alice.send(conversationId, 'one');
  await bob.ok('sendMessage', {
    ...{ conversationId, content: 'two', clientMessageId: 'two' },
    attachments: [{ kind: 'image', url: 'https://files.example.com/two.jpg' }],
  });
  await alice.ok('sendMessage', { conversationId, content: 'three', clientMessageId: 'three', replyTo: 1 });
  await bob.send(conversationId, 'four');
  await alice.ok('sendMessage', {
    ...{ conversationId, content: '', clientMessageId: 'five' },
    location: { latitude: 1, longitude: 2, title: 'here' },
  });
  await alice.ok('editMessage', { conversationId, seq: 1, content: 'one, better' });
  await bob.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
  await bob.ok('deleteMessage', { conversationId, seq: 4, for: 'everyone' });
  await age(server(), conversationId);
}

describe('archived messages', () => {
  test('read as before, on a process with caches and on one without; also after they are restored', async () => {
    const scene = await createScene(server());
    const { alice, bob, conversationId } = scene;
    await saySomeThings(scene);
    await using other = await startServer({ databaseName: server().databaseName });
    const readers = [alice, bob, await other.connectAs(alice.userId)];
    const before = await Promise.all(readers.map((reader) => everythingSeen(reader, conversationId)));
    expect(before[2]?.newest.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);

    const ids = before[0]?.newest.messages.flatMap(({ _id }) => _id ?? []) ?? [];
    const fromDatabase = await other.app.models.messages.findByIds(ids);
    expect(await archiveAll(server())).toBe(4);
    expect(await archiveAll(server())).toBe(0);
    await using fresh = await startServer({ databaseName: server().databaseName });
    const after = await Promise.all(readers.map((reader) => everythingSeen(reader, conversationId)));
    expect(after).toEqual(before);
    expect(await everythingSeen(await fresh.connectAs(alice.userId), conversationId)).toEqual(before[2]);
    expect(await fresh.app.models.messages.findByIds(ids)).toEqual(fromDatabase);
    const stubs = await storedIn(server(), 'messages').find({ archived: true }).toArray();
    expect(stubs).toHaveLength(4);
    // Search words stay in the stub, so that search finds archived messages.
    expect(JSON.stringify(stubs.map(({ words: _words, ...stub }) => stub))).not.toMatch(
      /better|two\.jpg|"content"/,
    );

    expect(await server().app.models.archive.restore(fromDatabase.map(({ _id }) => _id))).toBe(4);
    expect(await storedIn(server(), 'messages').countDocuments({ archived: true })).toBe(0);
    expect(await storedIn(server(), 'archived_messages').countDocuments({})).toBe(0);
    expect(await fresh.app.models.messages.findByIds(fromDatabase.map(({ _id }) => _id))).toEqual(
      fromDatabase,
    );
  });

  test('are edited, reacted to and sent again like any other', async () => {
    const scene = await createScene(server());
    const { alice, bob, conversationId } = scene;
    await saySomeThings(scene);
    await archiveAll(server());
    await alice.ok('editMessage', { conversationId, seq: 1, content: 'one, best' });
    await alice.ok('react', { conversationId, seq: 1, emoji: '🎉', on: true });
    const { messages } = await bob.ok('getMessages', { conversationId, before: 4 });
    expect(messages).toMatchObject([
      { seq: 1, content: 'one, best', reactions: [{ emoji: '👍' }, { emoji: '🎉' }] },
      { seq: 2, content: 'two' },
      { seq: 3, content: 'three', quoted: { content: 'one, best' } },
    ]);
    const again = { conversationId, content: 'three', clientMessageId: 'three', replyTo: 1 };
    expect(await alice.ok('sendMessage', again)).toMatchObject({ seq: 3, content: 'three', duplicate: true });
    expect(await alice.ok('getEdits', { conversationId, seq: 1 })).toMatchObject({
      edits: [{ content: 'one' }, { content: 'one, better' }, { content: 'one, best' }],
    });
  });

  test('are deleted completely, also when an archive run has read them before', async () => {
    const scene = await createScene(server());
    const { alice, conversationId } = scene;
    const secret = 'whisperedinthearchive';
    for (const clientMessageId of ['a', 'b']) await alice.send(conversationId, secret, clientMessageId);
    await age(server(), conversationId);
    const { archive } = server().app.models;
    const read = await archive.findArchivable(new Date(), { afterId: undefined, limit: 1_000 });
    await archive.archive(read.slice(0, 1), new Date());
    expect(await collectionsWith(server(), secret)).toEqual(['archived_messages', 'messages']);
    for (const seq of [1, 2]) await alice.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
    // The run read the messages before the deletion and writes after it.
    await archive.archive(read, new Date());
    expect(await collectionsWith(server(), secret)).toEqual([]);
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ content: '' }, { content: '' }]);
    expect(messages.every(({ deletedAt }) => deletedAt !== undefined)).toBe(true);
    await archive.restore(read.map(({ _id }) => _id.toHexString() as never));
    expect((await alice.ok('getMessages', { conversationId })).messages).toEqual(messages);
  });

  test('are never shown with an older text than was acknowledged while they are restored', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'old');
    await age(server(), conversationId);
    await archiveAll(server());
    const { models } = server().app;
    const read = async () => (await bob.ok('getMessages', { conversationId })).messages;
    const ids = (await read()).flatMap(({ _id }) => _id ?? []);
    const seen: unknown[] = [];
    // An edit happens between the reading of the copy and its restore; the copy is removed last.
    let isRead = false;
    const late = interpose(models.archive.model.db, ({ collection, method, call }) => {
      if (collection !== 'archived_messages' || !['findOne', 'deleteOne'].includes(method)) return undefined;
      return async (...args) => {
        const result = await call(...args);
        if (method === 'deleteOne') seen.push((await read())[0]?.content);
        else if (!isRead) await alice.ok('editMessage', { conversationId, seq: 1, content: 'new' });
        isRead = true;
        return result;
      };
    });
    expect(await createArchiveModel(late).restore(ids)).toBe(1);
    expect(new Set(seen)).toEqual(new Set(['new']));
    expect(await read()).toMatchObject([{ content: 'new' }]);
    expect(await models.archive.findStubs(ids)).toEqual([]);
  });

  test('lose no edit while they are archived and restored repeatedly', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    for (let one = 0; one < 10; one += 1) await alice.send(conversationId, `text ${one}`);
    await age(server(), conversationId);
    const { archive } = server().app.models;
    const ids = (await alice.ok('getMessages', { conversationId })).messages.flatMap(({ _id }) => _id ?? []);
    let isOver = false;
    const moving = async () => {
      while (!isOver) {
        await archiveAll(server());
        await archive.restore(ids);
      }
    };
    const last = new Map<number, string>();
    const editing = async () => {
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(
          ids.map(async (_, index) => {
            const content = `edit ${round} of ${index}`;
            await alice.ok('editMessage', { conversationId, seq: index + 1, content });
            last.set(index + 1, content);
            const { messages } = await bob.ok('getMessages', { conversationId, around: index + 1, limit: 1 });
            expect(messages[0]).toMatchObject({ content });
          }),
        );
      }
    };
    const mover = moving();
    await editing().finally(() => (isOver = true));
    await mover;
    for (const isArchived of [false, true]) {
      if (isArchived) await archiveAll(server());
      const { messages } = await bob.ok('getMessages', { conversationId, before: 11 });
      expect(messages.map(({ seq, ...message }) => [seq, 'content' in message && message.content])).toEqual(
        [...last].sort(([a], [b]) => a - b),
      );
    }
  });
});

describe('archive-messages', () => {
  test('archives once, and undo restores every byte', async () => {
    await using world = await createDataWorld();
    await storeMixed(world.connection, {
      participants: ['ann', 'bob'],
      lines: [
        { from: 'ann', to: 'bob' },
        { from: 'bob', to: 'ann' },
      ],
    });
    await world.connection.collection('messages').updateMany({}, { $set: { createdAt: new Date(0) } });
    const partsOf = (one: string) => one.replaceAll(/[{}]/g, '').split(',').sort().join(',');
    const sorted = async () => (await world.dump())['messages']?.map(partsOf);
    const before = await sorted();
    const args = ['archive-messages', '--older-than-days', '30', '--yes'];
    expect(await world.run([...args, '--journal', 'archive.jsonl'])).toMatchObject({ code: 0 });
    expect(await world.connection.collection('messages').countDocuments({ archived: true })).toBe(2);
    expect((await world.run(args)).stdout).toContain('nothing to do');
    expect(await world.run(['undo', 'archive.jsonl', '--yes'])).toMatchObject({ code: 0 });
    expect(await sorted()).toEqual(before);
    expect((await world.dump())['archived_messages']).toBeUndefined();
  });
});
