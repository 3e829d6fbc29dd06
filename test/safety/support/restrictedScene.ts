import type { CommandName } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { createGroup, say, settle } from './pair.js';

/** Texts and an emoji that no one but their author may see. */
export const SECRET = 'zebrawords';
export const SIGN = '🦓';

/**
 * Bob is restricted. He has written to Alice, owns a group with her and Carol, and has pinned and reacted before. Dave
 * has no contact with him.
 */
export interface RestrictedScene {
  server: TestServer;
  alice: TestClient;
  bob: TestClient;
  carol: TestClient;
  dave: TestClient;
  direct: string;
  group: string;
  /** An open channel owned by Alice, without Bob. */
  channel: string;
  /** In the group: Carol's message, then Bob's; Bob has reacted to both. */
  carolSeq: number;
  bobSeq: number;
}

export async function restrict(server: TestServer, userId: string, restricted = true): Promise<void> {
  const moderator = await server.connectAs('mod', { token: server.token('mod', { roles: ['moderator'] }) });
  await moderator.ok('restrictUser', { userId, restricted });
  moderator.close();
}

export async function createRestrictedScene(server: TestServer): Promise<RestrictedScene> {
  const id = crypto.randomUUID();
  const names = ['alice', 'bob', 'carol', 'dave'].map((name) => `${name}-${id}`);
  const [alice, bob, carol, dave] = await Promise.all(names.map((name) => server.connectAs(name)));
  if (!alice || !bob || !carol || !dave) throw new Error('somebody is missing');
  await server.api(bob.userId).request('PATCH', '/api/users/me', { name: 'Bob' });
  const direct = await alice.open(bob.userId);
  await say(alice, direct, 'hello Bob');
  await say(bob, direct, 'hello Alice');
  const group = await createGroup([bob, alice, carol]);
  const carolSeq = await say(carol, group, 'I am Carol');
  const bobSeq = await say(bob, group, 'I am Bob');
  for (const seq of [carolSeq, bobSeq]) {
    await bob.ok('react', { conversationId: group, seq, emoji: '👋', on: true });
  }
  const wish = { type: 'channel', name: 'news', participants: [] };
  const channel = (await alice.ok('createGroup', wish)).conversation._id;
  await restrict(server, bob.userId);
  await settle(alice, bob, carol, dave);
  return { server, alice, bob, carol, dave, direct, group, channel, carolSeq, bobSeq };
}

/** Fields with numbers that also increase with hidden entries. */
const NUMBERS = new Set(['lastSeq', 'rev', 'updatedAt', 'cursor', 'syncCursor']);

/** Returns everything that a user can read, without numbers and positions of hidden entries. */
export async function worldOf(client: TestClient): Promise<unknown> {
  const { conversations } = await client.ok('getConversations', {});
  const chats = await Promise.all(
    conversations.map(async ({ _id: conversationId }) => {
      const { messages } = await client.ok('getMessages', { conversationId });
      const shown = messages.filter(({ kind }) => kind !== 'hidden');
      const { changes } = await client.ok('getChanges', { conversationId, afterRev: 0 });
      const reacted = shown.filter(({ kind, deletedAt }) => kind !== 'system' && deletedAt === undefined);
      return {
        messages: shown,
        changes: changes.filter(({ kind }) => kind !== 'hidden'),
        members: await client.ok('getMembers', { conversationId }),
        one: await client.ok('getConversation', { conversationId }),
        reactions: await Promise.all(
          reacted.map(({ seq }) => client.ok('getReactions', { conversationId, seq })),
        ),
        edits: await Promise.all(reacted.map(({ seq }) => client.ok('getEdits', { conversationId, seq }))),
      };
    }),
  );
  const world = {
    ...{ conversations, chats },
    // Sorted, because hidden changes affect the order.
    synced: (await client.ok('sync', {})).conversations.sort((a, b) => (a._id < b._id ? -1 : 1)),
    found: await client.ok('searchMessages', { words: SECRET }),
  };
  return JSON.parse(
    JSON.stringify(world, (name, value: unknown) => (NUMBERS.has(name) ? undefined : value)),
  ) as unknown;
}

/**
 * Returns a function that lets the clients settle and returns what they have received since this call.
 * Answers of the kind `hidden` are omitted.
 */
export function listen(clients: readonly TestClient[]): () => Promise<unknown[]> {
  const from = clients.map(({ heard }) => heard.length);
  return async () => {
    await settle(...clients);
    return clients.flatMap((client, index) =>
      client.heard.slice(from[index]).filter(({ answer }) => !isHidden(answer)),
    );
  };
}

const isHidden = (answer: unknown): boolean =>
  (answer as { data?: { kind?: unknown } }).data?.kind === 'hidden';

type Attempt = (scene: RestrictedScene) => Promise<unknown>;

/** Attempts of a restricted user for every command that affects others. */
export const ATTEMPTS: Partial<Record<CommandName, readonly Attempt[]>> = {
  sendMessage: [
    ({ bob, direct }) =>
      bob.ok('sendMessage', {
        ...{ conversationId: direct, content: SECRET, clientMessageId: 'a', replyTo: 1 },
        attachments: [{ kind: 'file', url: `https://files.example.com/${SECRET}`, name: SECRET }],
      }),
    ({ bob, group }) =>
      bob.ok('sendMessage', {
        ...{ conversationId: group, content: '', clientMessageId: 'b' },
        card: { kind: 'product', title: SECRET },
      }),
    ({ bob, group }) =>
      bob.ok('sendMessage', {
        ...{ conversationId: group, content: '', clientMessageId: 'c' },
        location: { latitude: 1, longitude: 1, title: SECRET },
      }),
  ],
  editMessage: [
    ({ bob, direct }) => bob.ok('editMessage', { conversationId: direct, seq: 2, content: SECRET }),
    ({ bob, group, bobSeq: seq }) => bob.ok('editMessage', { conversationId: group, seq, content: SECRET }),
  ],
  react: [
    ({ bob, direct }) => bob.ok('react', { conversationId: direct, seq: 1, emoji: SIGN, on: true }),
    ({ bob, group, carolSeq: seq }) => bob.ok('react', { conversationId: group, seq, emoji: SIGN, on: true }),
    ({ bob, group, carolSeq: seq }) =>
      bob.ok('react', { conversationId: group, seq, emoji: '👋', on: false }),
  ],
  pinMessage: [
    ({ bob, direct }) => bob.ok('pinMessage', { conversationId: direct, seq: 2, pinned: true }),
    ({ bob, group, bobSeq: seq }) => bob.ok('pinMessage', { conversationId: group, seq, pinned: true }),
  ],
  getOrCreateDirect: [
    ({ bob, alice }) =>
      bob.ok('getOrCreateDirect', {
        ...{ otherUserId: alice.userId, occasion: { kind: 'product', id: SECRET, title: SECRET } },
      }),
    async ({ bob, dave }) => {
      const occasion = { kind: 'general', title: SECRET };
      const opened = await bob.ok('getOrCreateDirect', { otherUserId: dave.userId, occasion });
      await bob.ok('sendMessage', {
        ...{ conversationId: opened.conversation._id, content: SECRET, clientMessageId: 'd' },
      });
    },
  ],
  createGroup: [
    ({ bob, alice, dave }) =>
      bob.ok('createGroup', {
        ...{ name: SECRET, participants: [alice.userId, dave.userId], open: true, history: 'all' },
        avatar: `https://files.example.com/${SECRET}.png`,
      }),
    ({ bob, alice }) =>
      bob.ok('createGroup', {
        ...{ type: 'channel', name: SECRET, participants: [alice.userId] },
        clientConversationId: 'group_1',
      }),
  ],
  addMembers: [
    ({ bob, dave, group }) => bob.ok('addMembers', { conversationId: group, userIds: [dave.userId] }),
  ],
  removeMember: [
    ({ bob, carol, group }) => bob.ok('removeMember', { conversationId: group, userId: carol.userId }),
  ],
  setRole: [
    ({ bob, carol, group }) =>
      bob.ok('setRole', { conversationId: group, userId: carol.userId, role: 'admin' }),
  ],
  updateConversation: [
    ({ bob, group }) =>
      bob.ok('updateConversation', {
        ...{ conversationId: group, name: SECRET, history: 'joined', open: true },
        avatar: `https://files.example.com/${SECRET}.png`,
      }),
  ],
  typing: [
    ({ bob, direct }) => bob.ok('typing', { conversationId: direct, typing: true }),
    ({ bob, group }) => bob.ok('typing', { conversationId: group, typing: true }),
  ],
  'message:delivered': [({ bob, direct }) => bob.ok('message:delivered', { conversationId: direct, seq: 2 })],
  'message:read': [
    async ({ bob, group, carolSeq: seq }) => {
      await bob.ok('message:read', { conversationId: group, seq });
    },
  ],
};
