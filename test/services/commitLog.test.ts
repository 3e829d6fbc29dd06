import { describe, expect, test } from 'vitest';
import type { ConversationId, UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const logOf = (server: TestServer, conversationId: ConversationId) =>
  server.app.models.messages.findRange(conversationId, 1, 100_000);

describe('the log of a conversation', () => {
  const server = sharedServer();

  test('numbers messages 1, 2, 3 … and counts them, under concurrent sends from both sides (promise 3)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    const answers = await Promise.all(
      range(1_000).map((index) =>
        sendAs(server(), { conversationId, sender: index % 3 ? alice : bob, content: `${index}` }),
      ),
    );
    const log = await logOf(server(), conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(range(1_000));
    expect(log.map(({ n }) => n)).toEqual(range(1_000));
    expect(answers.map(({ seq }) => seq)).toEqual(range(1_000));
  });

  test('stores waiting messages with few inserts, and a single one immediately', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    const inserts = async (): Promise<number> => {
      const metric = await server().app.metrics.commitBatchSize.get();
      return metric.values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
    };
    await sendAs(server(), { conversationId, sender: alice });
    const before = await inserts();
    await Promise.all(range(500).map(() => sendAs(server(), { conversationId, sender: alice })));
    expect((await inserts()) - before).toBeLessThan(20);
  });

  test('is correct for many conversations at once (promise 3)', async () => {
    const chats = await Promise.all(
      range(40).map(async () => {
        const [alice, bob] = people('alice', 'bob');
        return { alice, conversationId: await openChat(server(), [alice, bob]) };
      }),
    );
    await Promise.all(
      range(20).flatMap(() =>
        chats.map(({ alice, conversationId }) => sendAs(server(), { conversationId, sender: alice })),
      ),
    );
    for (const { conversationId } of chats) {
      expect((await logOf(server(), conversationId)).map(({ seq }) => seq)).toEqual(range(20));
    }
  });

  test('is not affected by refused sends in between (promise 3)', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const conversationId = await openChat(server(), [alice, bob]);
    const results = await Promise.allSettled(
      range(300).map((index) => {
        const sender = index % 5 === 0 ? eve : alice;
        const clientMessageId = index % 7 === 0 ? 'twice' : `m-${index}`;
        return sendAs(server(), {
          conversationId,
          sender,
          clientMessageId,
          content: `${index}`,
          ...(index % 11 === 0 && { replyTo: 100_000 }),
        });
      }),
    );
    const stored = results.filter(({ status }) => status === 'fulfilled').length;
    const log = await logOf(server(), conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(range(stored));
    expect(new Set(log.map(({ senderId }) => senderId))).toEqual(new Set([alice]));
    const contents = log.map(({ content }) => Number(content));
    expect(contents).toEqual(contents.toSorted((a, b) => a - b));
  });

  test('is also protected by the database: the index refuses a second entry with the same seq', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    await sendAs(server(), { conversationId, sender: alice });
    const [stored] = await rawCollection(server(), 'messages').find({ senderId: alice }).toArray();
    if (stored === undefined) throw new Error('the message is not there');
    const { _id: _, ...copy } = stored;
    for (const twin of [
      { ...copy, clientMessageId: 'other' },
      { ...copy, seq: 2 },
    ]) {
      await expect(rawCollection(server(), 'messages').insertOne(twin)).rejects.toMatchObject({
        code: 11_000,
      });
    }
  });
});

describe('two servers on one database', () => {
  async function pair(
    env: Record<string, string> = {},
  ): Promise<{ one: TestServer; two: TestServer } & AsyncDisposable> {
    const databaseName = newDatabaseName();
    const one = await startServer({ databaseName, env });
    const two = await startServer({ databaseName, env });
    return {
      one,
      two,
      [Symbol.asyncDispose]: async () => {
        await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
      },
    };
  }

  test.each([500, 10, 1])(
    'write one log without gap or repeat, each in its own order, %i at a time (promise 3)',
    async (maxBatch) => {
      await using servers = await pair({ COMMIT_MAX_BATCH: String(maxBatch) });
      const { one, two } = servers;
      const [alice, bob] = people('alice', 'bob');
      const conversationId = await openChat(one, [alice, bob]);
      const send = (server: TestServer, sender: UserId) => (index: number) =>
        sendAs(server, { conversationId, sender, content: `${index}` });
      const count = maxBatch === 1 ? 30 : 150;
      await Promise.all([...range(count).map(send(one, alice)), ...range(count).map(send(two, bob))]);
      const log = await logOf(one, conversationId);
      expect(log.map(({ seq }) => seq)).toEqual(range(2 * count));
      expect(log.map(({ n }) => n)).toEqual(range(2 * count));
      for (const sender of [alice, bob]) {
        const own = log.filter(({ senderId }) => senderId === sender);
        expect(own.map(({ content }) => Number(content))).toEqual(range(count));
      }
    },
  );

  test('store a message that reaches both at the same time once (promise 4)', async () => {
    await using servers = await pair();
    const { one, two } = servers;
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(one, [alice, bob]);
    const answers = await Promise.all(
      range(40).flatMap((index) =>
        [one, two].map((server) =>
          sendAs(server, {
            conversationId,
            sender: alice,
            clientMessageId: `m-${index}`,
            content: `${index}`,
          }),
        ),
      ),
    );
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(40);
    expect((await logOf(one, conversationId)).map(({ seq }) => seq)).toEqual(range(40));
  });

  test('refuse other content with an id that the other one stored (promise 4)', async () => {
    await using servers = await pair();
    const { one, two } = servers;
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(one, [alice, bob]);
    const results = await Promise.allSettled(
      [one, two].map((server, index) =>
        sendAs(server, { conversationId, sender: alice, clientMessageId: 'm', content: `${index}` }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONFLICT' },
    });
    expect(await logOf(one, conversationId)).toHaveLength(1);
  });

  test('keep the order of a burst whose first message replies to one that the other server has just stored', async () => {
    await using servers = await pair();
    const { one, two } = servers;
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(one, [alice, bob]);
    // The second server knows the log up to 1; the first adds 2, which the second has not received.
    await sendAs(two, { conversationId, sender: alice, content: '0' });
    await sendAs(one, { conversationId, sender: bob, content: 'question' });
    await Promise.all(
      range(12).map((index) =>
        sendAs(two, {
          conversationId,
          sender: alice,
          content: `${index}`,
          ...(index === 1 && { replyTo: 2 }),
        }),
      ),
    );
    const log = await logOf(one, conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(range(14));
    expect(log.slice(2).map(({ content }) => Number(content))).toEqual(range(12));
  });
});

describe('a stored message whose answer was lost', () => {
  test('is returned when the message is sent again to another server, and stored once (promise 4)', async () => {
    const databaseName = newDatabaseName();
    await using direct = await startServer({ databaseName });
    await using proxy = await TcpProxy.start(direct.app.models.conversations.model.db.port);
    await using server = await startServer({
      databaseName,
      mongoUri: proxy.mongoUri,
      env: { SEND_TIMEOUT_MS: '300' },
    });
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(direct, [alice, bob]);
    const message = { conversationId, sender: alice, clientMessageId: 'm-lost', content: 'hello' };
    const rule = proxy.watch('m-lost', 'hold', 1);
    await expect(sendAs(server, message)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const answer = await sendAs(direct, message);
    rule.release();
    expect(answer).toMatchObject({ seq: 1, duplicate: false });
    // The first server retries its insert, and finds the message stored.
    await until(async () => (await server.metric('parley_commit_waiting')) === 0);
    expect(await logOf(direct, conversationId)).toHaveLength(1);
    expect(await sendAs(server, message)).toMatchObject({ _id: answer._id, duplicate: true });
  });
});
