import { expect, test } from 'vitest';
import { Api, dataOf, type ApiReply } from '../support/api.js';
import { startServer, type TestServer } from '../support/server.js';

const PATH = '/api/demo/matches';

interface Matches {
  matches: { userId: string; conversationId: string; at: string }[];
}
type Liked = { matched: true; conversationId: string } | { matched: false };

const matchesOf = async (server: TestServer, userId: string): Promise<Matches['matches']> =>
  dataOf(await server.api(userId).get<Matches>(PATH)).matches;
const like = async (server: TestServer, one: string, other: string): Promise<Liked> =>
  dataOf(await server.api(one).post<Liked>(PATH, { userId: other }));

const codeOf = ({ body }: ApiReply): string => (body.success ? 'OK' : body.code);

test('a match opens one chat, and is renewed only by the user who ended it', async () => {
  await using server = await startServer({ demo: true });
  expect(await matchesOf(server, 'alice')).toEqual([]);
  const [first, repeated] = [await like(server, 'alice', 'bob'), await like(server, 'bob', 'alice')];
  expect(first).toMatchObject({ matched: true });
  expect(repeated).toEqual(first);
  const { conversationId = '' } = 'conversationId' in first ? first : {};
  expect(await matchesOf(server, 'alice')).toMatchObject([{ userId: 'bob', conversationId }]);
  expect(await matchesOf(server, 'bob')).toMatchObject([{ userId: 'alice', conversationId }]);
  expect(await matchesOf(server, 'carol')).toEqual([]);

  const bob = await server.connectAs('bob');
  await bob.ok('unmatch', { conversationId });
  expect([await matchesOf(server, 'alice'), await matchesOf(server, 'bob')]).toEqual([[], []]);
  expect(await like(server, 'alice', 'bob')).toEqual({ matched: false });
  expect(await like(server, 'bob', 'alice')).toEqual(first);
  expect(await matchesOf(server, 'alice')).toMatchObject([{ userId: 'bob', conversationId }]);

  await bob.ok('blockUser', { userId: 'dan', blocked: true });
  // Not told that he is blocked, and not shown.
  expect(await like(server, 'dan', 'bob')).toMatchObject({ matched: true });
  expect((await matchesOf(server, 'bob')).map((match) => match.userId)).toEqual(['alice']);
});

test('refuses users without a token, users outside of the demo, and other input', async () => {
  await using server = await startServer({ demo: true });
  const anyone = new Api(server.url, 'none');
  expect(codeOf(await anyone.get(PATH))).toBe('UNAUTHENTICATED');
  const alice = server.api('alice');
  expect(codeOf(await alice.post(PATH, { userId: 'somebody' }))).toBe('NOT_FOUND');
  expect(codeOf(await alice.post(PATH, { userId: 'alice' }))).toBe('VALIDATION');
  expect(codeOf(await alice.post(PATH, {}))).toBe('VALIDATION');
});

test('example chats are made once, and stay as their users leave them', async () => {
  const databaseName = `demo_${Date.now().toString(36)}`;
  const counts = async (server: TestServer): Promise<number[]> => {
    const { conversations, messages } = server.app.models;
    return [await conversations.model.countDocuments(), await messages.model.countDocuments()];
  };
  let before: number[];
  {
    await using server = await startServer({ demo: true, demoChats: true, databaseName });
    await Promise.all(['alice', 'bob', 'alice'].map((userId) => matchesOf(server, userId)));
    before = await counts(server);
    const matches = await matchesOf(server, 'alice');
    expect(matches.map(({ userId }) => userId).sort()).toEqual(['carol', 'dan']);
    const alice = await server.connectAs('alice');
    const { conversations } = await alice.ok('getConversations', {});
    const kinds = conversations.flatMap(({ occasions }) => occasions.map(({ kind }) => kind));
    expect(kinds.sort()).toEqual(['general', 'general', 'order', 'product', 'product']);
    const { conversationId = '' } = matches.find(({ userId }) => userId === 'dan') ?? {};
    await alice.ok('unmatch', { conversationId });
  }
  await using server = await startServer({ demo: true, demoChats: true, databaseName });
  expect((await matchesOf(server, 'alice')).map(({ userId }) => userId)).toEqual(['carol']);
  // The entry that closed the chat.
  expect(await counts(server)).toEqual([before[0], (before[1] ?? 0) + 1]);
});

test('there are no matches outside of the demo', async () => {
  await using server = await startServer();
  const alice = server.api('alice');
  expect([codeOf(await alice.get(PATH)), codeOf(await alice.post(PATH, { userId: 'bob' }))]).toEqual([
    'NOT_FOUND',
    'NOT_FOUND',
  ]);
});
