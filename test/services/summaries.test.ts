import { describe, expect, test } from 'vitest';
import type { ConversationId, UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection, readEverything, summariesWritten } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

describe('summaries of conversations', () => {
  const server = sharedServer();

  test('count every acknowledged message, also if the database was read just before the summary was written', async () => {
    const [alice, bob] = people('alice', 'bob');
    const id = await openChat(server(), [alice, bob]);
    const { conversations } = server().app.models;
    const { views } = server().app.services;
    const early = await conversations.findById(id);
    await sendAs(server(), { conversationId: id, sender: alice });
    await summariesWritten(server());
    const between = await conversations.findById(id);
    await sendAs(server(), { conversationId: id, sender: bob });
    await sendAs(server(), { conversationId: id, sender: alice });
    await summariesWritten(server());
    for (const record of [early, between]) {
      if (record === undefined) throw new Error('the conversation is not there');
      expect(await views.presentOne(bob, record)).toMatchObject({
        lastSeq: 3,
        messageCount: 3,
        unreadCount: 1,
      });
      expect(await views.presentOne(alice, record)).toMatchObject({
        lastSeq: 3,
        unreadCount: 0,
        lastReadSeq: 3,
      });
    }
  });

  test('are never behind what was acknowledged: list, conversation, totals and sync, directly after each send', async () => {
    const [alice, bob] = people('alice', 'bob');
    const id = await openChat(server(), [alice, bob]);
    const { services } = server().app;
    for (let seq = 1; seq <= 60; seq += 1) {
      await sendAs(server(), { conversationId: id, sender: alice });
      const [{ conversations, totalUnread }, one, unread, sync] = await Promise.all([
        services.lists.page(bob, {}),
        services.conversations.get(bob, id),
        services.unread.totals(bob),
        services.sync.sync(bob, undefined),
      ]);
      expect([conversations[0]?.lastSeq, conversations[0]?.unreadCount, totalUnread]).toEqual([
        seq,
        seq,
        seq,
      ]);
      expect([one.lastSeq, one.lastMessage?.seq, unread.totalUnread]).toEqual([seq, seq, seq]);
      expect([sync.conversations[0]?.lastSeq, sync.totalUnread]).toEqual([seq, seq]);
    }
  });

  test('count the first message as unread while its summary is not written yet', async () => {
    for (let round = 0; round < 30; round += 1) {
      const [alice, bob] = people('alice', 'bob');
      const id = await openChat(server(), [alice, bob]);
      await sendAs(server(), { conversationId: id, sender: alice });
      expect(await server().app.services.unread.totals(bob)).toEqual({
        totalUnread: 1,
        mutedUnread: 0,
        unreadConversations: 1,
      });
    }
  });

  test('are stored a moment later: newest message, counts, last message of each sender, members with unread messages', async () => {
    const [alice, bob] = people('alice', 'bob');
    const id = await openChat(server(), [alice, bob]);
    await sendAs(server(), { conversationId: id, sender: bob });
    const last = await sendAs(server(), { conversationId: id, sender: alice });
    await summariesWritten(server());
    const stored = await server().app.models.conversations.findById(id);
    expect(stored).toMatchObject({
      lastSeq: 2,
      messageCount: 2,
      lastMessageId: last._id,
      lastSent: [alice, bob].sort().map((who) => (who === alice ? 2 : 1)),
    });
    expect(stored?.lastMessageAt.toISOString()).toBe(last.createdAt);
  });
});

describe('a server that starts (promise 5)', () => {
  /** Resets a conversation's summary to before its first message, like a process that died before it wrote it. */
  async function forgetSummary(server: TestServer, id: string): Promise<void> {
    const { model } = server.app.models.conversations;
    await model.updateOne(
      { _id: id },
      { $set: { lastSeq: 0, messageCount: 0, lastSent: [0, 0], maybeUnread: [] }, $unset: { tail: 1 } },
    );
  }

  test('derives missing summaries of a dead process before it accepts connections, and a second start changes nothing', async () => {
    const databaseName = newDatabaseName();
    const [alice, bob] = people('alice', 'bob');
    let id: ConversationId;
    let right: unknown;
    {
      await using first = await startServer({ databaseName });
      id = await openChat(first, [alice, bob]);
      for (let count = 0; count < 5; count += 1)
        await sendAs(first, { conversationId: id, sender: count % 2 ? alice : bob });
      await summariesWritten(first);
      right = await first.app.models.conversations.findById(id);
      await forgetSummary(first, id);
      // Its document in `processes` stays behind, as after SIGKILL.
      await first.app.models.processes.writeHeartbeat({
        _id: 'dead',
        beat: 1,
        flushedThrough: id,
        visibleThrough: new Date(),
      });
    }
    await using second = await startServer({ databaseName });
    const { conversations, totalUnread } = await second.app.services.lists.page(alice, {});
    expect(conversations).toMatchObject([{ _id: id, lastSeq: 5, messageCount: 5, lastMessage: { seq: 5 } }]);
    expect(totalUnread).toBe(1);
    const derived = await second.app.models.conversations.findById(id);
    expect({ ...derived, changedAt: 0 }).toEqual({ ...(right as object), changedAt: 0 });
    expect(await second.metric('parley_recovered_conversations_total')).toBe(1);

    const before = await readEverything(second);
    await using third = await startServer({ databaseName });
    expect(await third.metric('parley_recovered_conversations_total')).toBe(0);
    expect(await readEverything(third)).toEqual(before);
  });

  test('unregisters itself when it stops', async () => {
    const databaseName = newDatabaseName();
    {
      await using first = await startServer({ databaseName });
      expect(await first.app.models.processes.findAll()).toHaveLength(1);
    }
    await using second = await startServer({ databaseName });
    expect(await second.app.models.processes.findAll()).toHaveLength(1);
  });
});

describe('two servers on one database', () => {
  test('count the same unread messages, whichever stored them', async () => {
    const databaseName = newDatabaseName();
    await using one = await startServer({ databaseName });
    await using two = await startServer({ databaseName });
    const [alice, bob] = people('alice', 'bob');
    const id = await openChat(one, [alice, bob]);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        sendAs(index % 2 ? one : two, { conversationId: id, sender: index % 4 < 2 ? alice : bob }),
      ),
    );
    const log = await rawCollection(one, 'messages').find().sort({ seq: 1 }).toArray();
    const unreadOf = (who: UserId): number => {
      const own = log.findLastIndex((message) => message['senderId'] === who);
      return log.length - 1 - own;
    };
    for (const server of [one, two]) {
      for (const who of [alice, bob]) {
        await until(async () => {
          const { totalUnread } = await server.app.services.unread.totals(who);
          return totalUnread === unreadOf(who);
        });
      }
    }
  });
});
