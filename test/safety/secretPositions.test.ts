import { describe, expect, test } from 'vitest';
import { conversationId as toConversationId, userId as toUserId } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { block, createGroup, say, settle } from './support/pair.js';

const server = sharedServer();

interface Scene {
  alice: TestClient;
  bob: TestClient;
  conversationId: string;
  /** `seq` of a message of Alice that Bob has not read. */
  seq: number;
}

const SCENES = ['direct', 'group'] as const;

async function createScene(server: TestServer, scene: (typeof SCENES)[number]): Promise<Scene> {
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => server.connectAs(`${name}-${crypto.randomUUID().slice(0, 8)}`)),
  );
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('three clients');
  const conversationId =
    scene === 'direct' ? await alice.open(bob.userId) : await createGroup([alice, bob, carol]);
  const greeting = await say(alice, conversationId, 'hello Bob');
  await bob.ok('message:read', { conversationId, seq: greeting });
  await say(bob, conversationId, 'hello Alice');
  return { alice, bob, conversationId, seq: await say(alice, conversationId, 'have you seen this?') };
}

/** Returns everything that Alice can see about Bob's position. */
async function toldOf({ alice, bob, conversationId, seq }: Scene) {
  const [{ members = [] }, { conversation }, { messages }, listed] = await Promise.all([
    alice.ok('getReceipts', { conversationId, seq }),
    alice.ok('getConversation', { conversationId }),
    alice.ok('getMessages', { conversationId }),
    alice.ok('getConversations', {}),
  ]);
  const theirs = listed.conversations.find(({ _id }) => _id === conversationId);
  const readSeqs = [conversation, theirs].map(
    (view) => view?.members.find(({ _id }) => _id === bob.userId)?.lastReadSeq ?? -1,
  );
  const row = members.find(({ userId }) => userId === bob.userId);
  const found = messages.find((one) => one.seq === seq);
  const status = found?.kind === 'hidden' ? undefined : found?.status;
  return { read: row?.read, readAt: row?.readAt, isRead: readSeqs.some((one) => one >= seq), status };
}

const UNREAD = { read: false, readAt: undefined, isRead: false };

/** Ways to hide Bob's reads from Alice, and how to end them. */
const HIDING = {
  'receipts switched off': {
    begin: ({ bob }: Scene) => bob.ok('updatePrivacy', { readReceipts: false }),
    end: ({ bob }: Scene) => bob.ok('updatePrivacy', { readReceipts: true }),
  },
  'a block by the reader': {
    begin: ({ alice, bob }: Scene) => block(bob, alice.userId),
    end: ({ alice, bob }: Scene) => block(bob, alice.userId, false),
  },
  'a block by the other': {
    begin: ({ alice, bob }: Scene) => block(alice, bob.userId),
    end: ({ alice, bob }: Scene) => block(alice, bob.userId, false),
  },
  'a restriction': {
    begin: ({ bob }: Scene, server: TestServer) => restrict(server, bob.userId, true),
    end: ({ bob }: Scene, server: TestServer) => restrict(server, bob.userId, false),
  },
};

async function restrict(server: TestServer, userId: string, restricted: boolean): Promise<void> {
  const token = server.token('moderator', { roles: ['moderator'] });
  const moderator = await server.connectAs('moderator', { token });
  await moderator.ok('restrictUser', { userId, restricted });
}

/** Resolves when everything derived from the messages is written, including positions of senders. */
async function summarised({ app }: TestServer, { bob, conversationId }: Scene): Promise<void> {
  const { lastSeq } = await bob.ok('getMessages', { conversationId });
  const id = toConversationId.parse(conversationId);
  await until(async () => ((await app.models.conversations.findById(id))?.lastSeq ?? 0) >= lastSeq);
}

/** All actions that move the user's own position. */
const MOVES = {
  reading: ({ bob, conversationId, seq }: Scene) => bob.ok('message:read', { conversationId, seq }),
  clearing: ({ bob, conversationId }: Scene) => bob.ok('clearHistory', { conversationId }),
  deleting: ({ bob, conversationId }: Scene) => bob.ok('deleteConversation', { conversationId }),
  // Refused during a block in a direct chat.
  answering: ({ bob, conversationId }: Scene) => bob.send(conversationId, 'an answer'),
};

const cases = SCENES.flatMap((scene) =>
  Object.keys(HIDING).flatMap((hiding) =>
    Object.keys(MOVES).map((move) => ({
      ...{ scene, hiding: hiding as keyof typeof HIDING, move: move as keyof typeof MOVES },
    })),
  ),
);

describe('a position reached in secret stays secret after positions become visible again', () => {
  test.for(cases)('in a $scene: $move under $hiding', async ({ scene, hiding, move }) => {
    const stage = await createScene(server(), scene);
    const { alice, bob, conversationId, seq } = stage;
    const before = await toldOf(stage);
    expect(before).toMatchObject(UNREAD);
    await HIDING[hiding].begin(stage, server());
    await MOVES[move](stage);
    const own = await bob.ok('getConversation', { conversationId });
    if (move !== 'answering') {
      expect(own.conversation).toMatchObject({ unreadCount: 0 });
      expect(own.conversation.lastReadSeq).toBeGreaterThanOrEqual(seq);
    }
    expect(await toldOf(stage)).toMatchObject(UNREAD);
    await HIDING[hiding].end(stage, server());
    await summarised(server(), stage);
    await settle(alice, bob);
    expect(await toldOf(stage)).toMatchObject(UNREAD);
    // Repeating the report has no effect.
    await bob.ok('message:read', { conversationId, seq: Math.min(seq, own.conversation.lastReadSeq) });
    if (move !== 'answering') expect(await toldOf(stage)).toMatchObject(UNREAD);
    expect(
      alice.pushes('message:status').filter(({ userId, readSeq }) => userId === bob.userId && readSeq >= seq),
    ).toEqual([]);
  });
});

test.each(SCENES)(
  'a later visible read in a %s covers everything before it, with its own time',
  async (scene) => {
    const stage = await createScene(server(), scene);
    const { alice, bob, conversationId, seq } = stage;
    await bob.ok('updatePrivacy', { readReceipts: false });
    await bob.ok('message:read', { conversationId, seq });
    const switchedOn = await bob.ok('updatePrivacy', { readReceipts: true });
    expect(switchedOn.privacy.readReceipts).toBe(true);
    const later = await say(alice, conversationId, 'and this?');
    await bob.ok('message:read', { conversationId, seq: later });
    const rowOf = async (place: number) =>
      (await alice.ok('getReceipts', { conversationId, seq: place })).members?.find(
        ({ userId }) => userId === bob.userId,
      );
    const [first, last] = [await rowOf(seq), await rowOf(later)];
    expect(first).toMatchObject({ read: true, readAt: last?.readAt });
    expect(await alice.next('message:status', ({ readSeq }) => readSeq === later)).toMatchObject({
      userId: bob.userId,
    });
  },
);

test('a summary that is written late does not reveal what was hidden meanwhile', async () => {
  const stage = await createScene(server(), 'group');
  const { alice, bob, conversationId, seq } = stage;
  await summarised(server(), stage);
  await block(alice, bob.userId);
  await bob.ok('message:delivered', { conversationId, seq: seq - 1 });
  await bob.ok('clearHistory', { conversationId });
  await block(alice, bob.userId, false);
  const sent = (place: number) => {
    const who = {
      conversationId: toConversationId.parse(conversationId),
      userId: toUserId.parse(bob.userId),
    };
    const where = { readSeq: place, readN: place, deliveredSeq: place, isSent: true, isForAll: true };
    return server().app.models.members.advance([{ ...who, ...where }]);
  };
  // Bob's answer of before, whose position another process stores now.
  await sent(seq - 1);
  expect(await toldOf(stage)).toMatchObject(UNREAD);
  await say(bob, conversationId, 'an answer of now');
  await summarised(server(), stage);
  expect(await toldOf(stage)).toMatchObject({ read: true, isRead: true });
});

test('in a group a block hides positions from the blocked one alone', async () => {
  const [alice, bob, carol] = await Promise.all(
    people('alice', 'bob', 'carol').map((id) => server().connectAs(id)),
  );
  if (!alice || !bob || !carol) throw new Error('three clients');
  const conversationId = await createGroup([alice, bob, carol]);
  const seq = await say(carol, conversationId, 'who has read this?');
  await block(bob, alice.userId);
  await bob.ok('message:read', { conversationId, seq });
  await block(bob, alice.userId, false);
  const rowFor = async (client: TestClient, place: number) =>
    (await client.ok('getReceipts', { conversationId, seq: place })).members?.find(
      ({ userId }) => userId === bob.userId,
    );
  const told = await rowFor(carol, seq);
  expect(told).toMatchObject({ read: true });
  expect(await rowFor(alice, seq)).toMatchObject({ read: false });
  const later = await say(carol, conversationId, 'and this?');
  await bob.ok('message:read', { conversationId, seq: later });
  const [first, last] = [await rowFor(alice, seq), await rowFor(alice, later)];
  expect(first).toMatchObject({ read: true, readAt: last?.readAt });
  // The third member still sees the time of the first read.
  expect((await rowFor(carol, seq))?.readAt).toBe(told?.readAt);
});

test('a change of a message tells nobody what others may not know of its readers', async () => {
  const stage = await createScene(server(), 'direct');
  const { alice, bob, conversationId, seq } = stage;
  await bob.ok('updatePrivacy', { readReceipts: false });
  await bob.ok('message:read', { conversationId, seq });
  await bob.ok('react', { conversationId, seq, emoji: '👍', on: true });
  const heard = await alice.next('message:reaction');
  expect(heard.message).toMatchObject({ seq, status: 'delivered' });
});

test('what is sent after receipts were switched on again tells of what came before', async () => {
  const stage = await createScene(server(), 'direct');
  const { bob, conversationId } = stage;
  await bob.ok('updatePrivacy', { readReceipts: false });
  await say(bob, conversationId, 'in secret');
  await bob.ok('updatePrivacy', { readReceipts: true });
  expect(await toldOf(stage)).toMatchObject(UNREAD);
  await say(bob, conversationId, 'openly');
  expect(await toldOf(stage)).toMatchObject({ read: true, isRead: true, status: 'read' });
});

test('the same applies between processes, and after a restart', async () => {
  const databaseName = newDatabaseName();
  await using first = await startServer({ databaseName });
  const stage = await createScene(first, 'group');
  const { bob, conversationId, seq } = stage;
  {
    await using second = await startServer({ databaseName });
    const elsewhere = await second.connectAs(bob.userId);
    await bob.ok('updatePrivacy', { readReceipts: false });
    await until(async () => !(await elsewhere.ok('getPrivacy', {})).privacy.readReceipts);
    await elsewhere.ok('message:read', { conversationId, seq });
    await say(elsewhere, conversationId, 'an answer in secret');
    expect(await toldOf(stage)).toMatchObject(UNREAD);
    await elsewhere.ok('updatePrivacy', { readReceipts: true });
  }
  await until(async () => (await bob.ok('getPrivacy', {})).privacy.readReceipts);
  // The second process wrote everything before it ended.
  expect(await toldOf(stage)).toMatchObject(UNREAD);
  expect(await bob.ok('sync', {})).toMatchObject({ totalUnread: 0 });
});
