import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ConversationView, MessageView, PositionView, SentMessageView } from '../../contract/index.js';
import { people } from '../contract/support/sharedServer.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { messagesOf } from '../support/messages.js';
import { newDatabaseName } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { Ledger } from './support/ledger.js';
import { apisOf } from './support/scene.js';
import { untilSummariesRight } from './support/summaries.js';
import { Truth } from './support/truth.js';

/** Two processes on one database for all tests; each test brings people of its own. They start at the same moment. */
let a: ServerProcess;
let b: ServerProcess;
let truth: Truth;
beforeAll(async () => {
  const databaseName = newDatabaseName();
  [a, b] = await Promise.all([ServerProcess.start({ databaseName }), ServerProcess.start({ databaseName })]);
  truth = await Truth.open(inject('mongoUri'), databaseName);
});
afterAll(async () => {
  for (const one of [truth, a, b]) await one[Symbol.asyncDispose]();
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Reads a whole conversation as one user, page by page. */
async function readAll(client: TestClient, conversationId: string): Promise<MessageView[]> {
  const messages: MessageView[] = [];
  for (;;) {
    const after = messages.at(-1)?.seq ?? 0;
    const page = await client.ok('getMessages', { conversationId, after, limit: 200 });
    messages.push(...messagesOf(page));
    if (!page.hasMore) return messages;
  }
}

/** Sends like a client: retries with the same id while the server is too busy. */
async function sendUntilStored(
  client: TestClient,
  {
    conversationId,
    content,
    clientMessageId,
  }: Record<'conversationId' | 'content' | 'clientMessageId', string>,
): Promise<SentMessageView> {
  for (;;) {
    const answer = await client.send(conversationId, content, clientMessageId);
    if (answer.success) return answer.data;
    if (answer.code !== 'UNAVAILABLE') throw new Error(`refused: ${answer.code} ${answer.error}`);
  }
}

test('500 sends at once from both sides through two processes get 1 … 500, in one order for everybody (promises 2, 3)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [aliceA, aliceB, bobA, bobB] = await Promise.all([
    a.connectAs(alice),
    b.connectAs(alice),
    a.connectAs(bob),
    b.connectAs(bob),
  ]);
  const conversationId = await aliceA.open(bob);
  const clients = [aliceA, bobB, aliceB, bobA];
  const answers = await Promise.all(
    numbers(500).map((n) => (clients[n % 4] ?? aliceA).send(conversationId, `text ${n}`)),
  );
  const acked = answers.map((answer) => {
    if (!answer.success) throw new Error(`refused: ${answer.code} ${answer.error}`);
    return answer.data;
  });
  expect(acked.map(({ seq }) => seq).sort((x, y) => x - y)).toEqual(numbers(500));
  const [forAlice, forBob, stored] = await Promise.all([
    readAll(aliceA, conversationId),
    readAll(bobB, conversationId),
    truth.messages(conversationId),
  ]);
  const places = (messages: readonly { seq: number; _id: string }[]) =>
    messages.map(({ seq, _id }) => `${seq} ${_id}`);
  expect(forAlice.map(({ seq }) => seq)).toEqual(numbers(500));
  expect(places(forBob)).toEqual(places(forAlice));
  expect(places(stored)).toEqual(places(forAlice));
  expect(places(acked.toSorted((x, y) => x.seq - y.seq))).toEqual(places(forAlice));
  // Each process also pushed the messages in the order of `seq`.
  for (const client of clients) {
    const heard = client.pushes('message:new').map(({ seq }) => seq);
    expect(heard).toEqual(heard.toSorted((x, y) => x - y));
  }
});

test('the same message 20 times at once over two processes is stored once (promise 4)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [aliceA, aliceB] = await Promise.all([a.connectAs(alice), b.connectAs(alice)]);
  const conversationId = await aliceA.open(bob);
  const ids = numbers(15).map((n) => `m-${n}`);
  const answers = await Promise.all(
    ids.map((id) =>
      Promise.all(
        numbers(20).map((n) => (n % 2 ? aliceA : aliceB).send(conversationId, `text of ${id}`, id)),
      ),
    ),
  );
  for (const twenty of answers) {
    const views = twenty.map((answer) => (answer.success ? answer.data : undefined));
    expect(new Set(views.map((view) => view?._id)).size).toBe(1);
    expect(views.every((view) => view !== undefined)).toBe(true);
    expect(views.filter((view) => view?.duplicate === false)).toHaveLength(1);
  }
  const stored = await truth.messages(conversationId);
  expect(stored.map(({ seq }) => seq)).toEqual(numbers(15));
  const other = await aliceB.send(conversationId, 'another text', 'm-1');
  expect(other).toMatchObject({ success: false, code: 'CONFLICT', clientMessageId: 'm-1' });
  expect(await truth.messages(conversationId)).toEqual(stored);
});

test('of two contents under one id at the same moment, one is stored and the other refused (promise 4)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [aliceA, aliceB] = await Promise.all([a.connectAs(alice), b.connectAs(alice)]);
  const conversationId = await aliceA.open(bob);
  const rounds = await Promise.all(
    numbers(40).map((n) =>
      Promise.all([
        aliceA.send(conversationId, `one text ${n}`, `m-${n}`),
        aliceB.send(conversationId, `other text ${n}`, `m-${n}`),
        aliceA.send(conversationId, `third text ${n}`, `m-${n}`),
      ]),
    ),
  );
  for (const answers of rounds) {
    const codes = answers.map((answer) => (answer.success ? 'OK' : answer.code));
    expect(codes.toSorted()).toEqual(['CONFLICT', 'CONFLICT', 'OK']);
  }
  const stored = await truth.messages(conversationId);
  const winners = rounds.flat().flatMap((answer) => (answer.success ? [answer.data] : []));
  expect(winners.toSorted((x, y) => x.seq - y.seq).map(({ _id, content }) => [_id, content])).toEqual(
    stored.map(({ _id, content }) => [_id, content]),
  );
  expect(stored.map(({ seq }) => seq)).toEqual(numbers(40));
});

test('150 at once who open the same chat over two processes get one conversation (promise 1)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sockets = await Promise.all([
    a.connectAs(alice),
    b.connectAs(alice),
    a.connectAs(bob),
    b.connectAs(bob),
  ]);
  const created = await Promise.all(
    numbers(150).map(async (n) => {
      const client = sockets[n % 4];
      const otherUserId = client?.userId === alice ? bob : alice;
      if (client !== undefined && n % 3 > 0) return client.ok('getOrCreateDirect', { otherUserId });
      const participants = n % 2 ? [alice, bob] : [bob, alice];
      const server = n % 2 ? a : b;
      const reply = await server
        .api(alice)
        .post<{ conversation: ConversationView; created: boolean }>('/api/chats/create-or-get', {
          participants,
        });
      return dataOf(reply);
    }),
  );
  expect(new Set(created.map(({ conversation }) => conversation._id)).size).toBe(1);
  expect(created.filter((one) => one.created)).toHaveLength(1);
  const stored = (await truth.conversations()).filter(({ participants }) => participants.includes(alice));
  expect(stored.map(({ participants }) => participants)).toEqual([[alice, bob]]);
});

test('two processes that write the same 50 conversations in opposite orders: no error, no hole, right summaries (promises 3, 5)', async () => {
  const [hub] = people('hub');
  const ledger = new Ledger();
  const [here, there] = await Promise.all([a.connectAs(hub), b.connectAs(hub)]);
  const friends = numbers(50).map((n) => `${hub}-friend-${String(n).padStart(2, '0')}`);
  const ids = (await Promise.all(friends.map((friend) => here.open(friend)))).toSorted();
  const WAVES = 6;
  let talking = 4;
  /** Sends to every conversation in one turn, again and again. */
  const talk = async (client: TestClient, order: readonly string[]): Promise<void> => {
    for (let wave = 1; wave <= WAVES; wave += 1) {
      await Promise.all(
        order.map(async (conversationId) => {
          const sent = {
            conversationId,
            senderId: hub,
            clientMessageId: crypto.randomUUID(),
            content: 'x',
          };
          ledger.sending(sent);
          ledger.acked(await sendUntilStored(client, sent));
        }),
      );
    }
    talking -= 1;
  };
  const backwards = ids.toReversed();
  await Promise.all([
    talk(here, ids),
    talk(here, ids),
    talk(there, backwards),
    talk(there, backwards),
    ...friends.slice(0, 6).flatMap(async (friend, index) => {
      await using friendly = await b.connectAs(friend);
      const conversationId = await friendly.open(hub);
      for (let n = 0; talking > 0; n += 1) {
        const sent = { conversationId, senderId: friend, clientMessageId: `${index}-${n}`, content: 'y' };
        ledger.sending(sent);
        ledger.acked(await sendUntilStored(friendly, sent));
      }
    }),
  ]);
  const stored = await ledger.check(truth, ids);
  expect(stored).toHaveLength(ledger.ackedCount);
  await untilSummariesRight(truth, apisOf(a, b), { userIds: [hub, ...friends.slice(0, 8)] });
});

test('first positions from two processes at the same moment are all accepted (promise 7)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [bobA, bobB, listener] = await Promise.all([a.connectAs(bob), b.connectAs(bob), a.connectAs(alice)]);
  const friends = numbers(30).map((n) => `${bob}-friend-${n}`);
  const ids = await Promise.all(
    friends.map(async (friend) => {
      await using other = await b.connectAs(friend);
      const conversationId = await other.open(bob);
      await other.ok('sendMessage', { conversationId, content: 'hello', clientMessageId: 'm-1' });
      const answers = await Promise.all(
        [bobA, bobB, bobA, bobB].map((client) => client.call('message:read', { conversationId, seq: 1 })),
      );
      expect(answers.map((answer) => (answer.success ? answer.data.readSeq : answer))).toEqual([1, 1, 1, 1]);
      return conversationId;
    }),
  );
  expect(listener.heard).toEqual([]);
  const members = (await truth.members()).filter((one) => ids.includes(one.conversationId));
  expect(members).toHaveLength(friends.length);
  await untilSummariesRight(truth, apisOf(a, b), { userIds: [bob] });
});

test('positions of one user from two processes only move forward, in the database and as told (promise 7)', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [bobA, bobB, aliceA, aliceB] = await Promise.all([
    a.connectAs(bob),
    b.connectAs(bob),
    a.connectAs(alice),
    b.connectAs(alice),
  ]);
  const conversationId = await aliceA.open(bob);
  await Promise.all(numbers(200).map((n) => aliceA.send(conversationId, `text ${n}`)));
  const positions = async () =>
    (await truth.members()).find(({ userId }) => userId === bob) ?? { lastReadSeq: 0, lastDeliveredSeq: 0 };
  const over = new AbortController();
  const watched: { lastReadSeq: number; lastDeliveredSeq: number }[] = [];
  const watching = (async () => {
    while (!over.signal.aborted) watched.push(await positions());
  })();
  // Shuffled, so that most updates are late.
  const places = numbers(200).map((n) => ((n * 73) % 200) + 1);
  const answers = await Promise.all(
    places.map(async (seq, index): Promise<PositionView> => {
      const event = index % 3 === 0 ? 'message:delivered' : 'message:read';
      const view = await (index % 2 ? bobA : bobB).ok(event, { conversationId, seq });
      expect(event === 'message:read' ? view.readSeq : view.deliveredSeq).toBeGreaterThanOrEqual(seq);
      return view;
    }),
  );
  over.abort();
  await watching;
  for (const field of ['lastReadSeq', 'lastDeliveredSeq'] as const) {
    const seen = watched.map((position) => position[field]);
    expect(seen).toEqual(seen.toSorted((x, y) => x - y));
  }
  const furthest = Math.max(...answers.map(({ readSeq }) => readSeq));
  expect(await positions()).toMatchObject({ lastReadSeq: furthest, lastDeliveredSeq: 200 });
  for (const client of [aliceA, aliceB]) {
    for (const field of ['readSeq', 'deliveredSeq'] as const) {
      const told = client.pushes('message:status').map((position) => position[field]);
      expect(told).toEqual(told.toSorted((x, y) => x - y));
    }
  }
  await untilSummariesRight(truth, apisOf(a, b), { userIds: [alice, bob] });
});
