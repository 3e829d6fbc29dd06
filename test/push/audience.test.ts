import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { FcmServer } from './support/fcmServer.js';
import { keyFolder, lookedAt, registerDevice, say } from './support/scene.js';

/**
 * Everything happens while no process sends, and is looked at afterwards: what counts is the state when a message is looked
 * at, not when it was stored.
 */
interface Case {
  /** Prepares a case on a server that does not send. `reader` has a device. */
  prepare: (world: World) => Promise<unknown>;
  /** Texts that the reader is shown. */
  shows: readonly string[];
}

interface World {
  server: TestServer;
  /** `reader`, and two users who write. Only the writers are connected. */
  reader: string;
  ann: TestClient;
  ben: TestClient;
  /** A group of all three. */
  group: string;
  /** The direct chat of Ann and the reader. */
  chat: string;
}

const readAs = ({ server, reader }: World, conversationId: string, seq: number) =>
  server.api(reader).post(`/api/conversations/${conversationId}/read`, { seq });

const CASES: Record<string, Case> = {
  'a new message': { prepare: ({ ann, chat }) => say(ann, chat, 'hello'), shows: ['hello'] },
  'the newest of several': {
    prepare: async ({ ann, ben, group }) => {
      await say(ann, group, 'one');
      await say(ben, group, 'two');
    },
    shows: [expect.stringContaining('two') as string],
  },
  'not what was read meanwhile': {
    prepare: async (world) => {
      const { seq } = await say(world.ann, world.chat, 'read');
      await readAs(world, world.chat, seq);
    },
    shows: [],
  },
  'only what was not read': {
    prepare: async (world) => {
      const { seq } = await say(world.ann, world.group, 'read');
      await readAs(world, world.group, seq);
      await say(world.ben, world.group, 'not read');
    },
    shows: [expect.stringContaining('not read') as string],
  },
  'not what was deleted for everyone, but what came before it': {
    prepare: async ({ ann, chat }) => {
      await say(ann, chat, 'stays');
      const { seq } = await say(ann, chat, 'goes');
      await ann.ok('deleteMessage', { conversationId: chat, seq, for: 'everyone' });
    },
    shows: ['stays'],
  },
  'an edited message as it is now': {
    prepare: async ({ ann, chat }) => {
      const { seq } = await say(ann, chat, 'see you at 7');
      await ann.ok('editMessage', { conversationId: chat, seq, content: 'see you at 8' });
    },
    shows: ['see you at 8'],
  },
  'not what the reader deleted for themselves': {
    prepare: async ({ server, reader, ann, chat }) => {
      await say(ann, chat, 'kept');
      const { seq } = await say(ann, chat, 'hidden');
      await server.api(reader).request('DELETE', `/api/conversations/${chat}/messages/${seq}?for=me`);
    },
    shows: ['kept'],
  },
  'in a group not the message of a blocked user, though it is the newest': {
    prepare: async ({ server, reader, ann, ben, group }) => {
      await say(ann, group, 'of Ann');
      await server.api(reader).request('PUT', `/api/blocks/${ben.userId}`);
      await say(ben, group, 'of Ben');
    },
    shows: [expect.stringContaining('of Ann') as string],
  },
  'nothing of a user who was blocked after writing': {
    prepare: async ({ server, reader, ann, chat }) => {
      await say(ann, chat, 'hello');
      await server.api(reader).request('PUT', `/api/blocks/${ann.userId}`);
    },
    shows: [],
  },
  'nothing of a chat that was closed': {
    prepare: async ({ ann, chat }) => {
      await say(ann, chat, 'goodbye');
      await ann.ok('unmatch', { conversationId: chat });
    },
    shows: [],
  },
  'nothing of a user who was restricted after writing': {
    prepare: async ({ server, ann, chat }) => {
      await say(ann, chat, 'spam');
      await server.app.services.users.setRestriction(ann.userId as never, true);
    },
    shows: [],
  },
  'nothing of a conversation that was muted meanwhile': {
    prepare: async ({ server, reader, ann, chat }) => {
      await say(ann, chat, 'hello');
      const mutedUntil = new Date(Date.now() + 3_600_000).toISOString();
      await server.api(reader).request('PATCH', `/api/conversations/${chat}/settings`, { mutedUntil });
    },
    shows: [],
  },
  'nothing of a group that the reader has left': {
    prepare: async ({ server, reader, ann, group }) => {
      await say(ann, group, 'hello');
      await server.api(reader).post(`/api/conversations/${group}/leave`);
    },
    shows: [],
  },
  'nothing from before the reader joined': {
    prepare: async ({ reader, ann }) => {
      const input = { name: 'Since', participants: ['nobody'], history: 'joined' };
      const { conversation } = await ann.ok('createGroup', input);
      await say(ann, conversation._id, 'before');
      await ann.ok('addMembers', { conversationId: conversation._id, userIds: [reader] });
    },
    shows: [],
  },
  'nothing of what the reader wrote, but what came after it': {
    prepare: async ({ server, reader, ann, chat }) => {
      await say(ann, chat, 'question');
      const own = { content: 'answer', clientMessageId: crypto.randomUUID() };
      await server.api(reader).post(`/api/conversations/${chat}/messages`, own);
    },
    shows: [],
  },
  'nothing on a device whose token was revoked, even if its row is still there': {
    prepare: async ({ server, reader, ann, chat }) => {
      const [device] = await server.app.models.devices.findByUsers([reader as never]);
      await say(ann, chat, 'hello');
      await server.app.services.users.revokeTokens(reader as never);
      await until(async () => (await server.app.models.devices.findByUsers([reader as never])).length === 0);
      if (device !== undefined) await server.app.models.devices.put(device);
    },
    shows: [],
  },
  'nothing for a banned user': {
    prepare: async ({ server, reader, ann, chat }) => {
      await say(ann, chat, 'hello');
      await server.app.models.users.setBan(reader as never, new Date());
    },
    shows: [],
  },
};

let fcm: FcmServer;
const tokens = new Map<string, string>();
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  const folder = await keyFolder();
  fcm = await FcmServer.start();
  opened.push(folder, fcm);
  const databaseName = newDatabaseName();
  const env = await fcm.env(folder.dir);
  {
    await using first = await startServer({ databaseName, env });
    await until(async () => (await first.app.models.pushCursor.model.findById('push').lean()) !== null);
  }
  const silent = await startServer({ databaseName, env: { ...env, PUSH_SENDING: 'false' } });
  opened.push(silent);
  await Promise.all(
    Object.entries(CASES).map(async ([name, { prepare }], index) => {
      const reader = `reader${index}`;
      const ann = await silent.connectAs(`ann${index}`);
      const ben = await silent.connectAs(`ben${index}`);
      const chat = await ann.open(reader);
      const { conversation } = await ann.ok('createGroup', {
        name: 'All',
        participants: [reader, ben.userId],
      });
      tokens.set(name, await registerDevice(silent, reader));
      await prepare({ server: silent, reader, ann, ben, chat, group: conversation._id });
    }),
  );
  const last = await silent.connectAs('last');
  const sent = await say(last, await last.open('nobody'));
  const sending = await startServer({ databaseName, env });
  opened.push(sending);
  await lookedAt(sending, sent);
});
afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

it.each(Object.keys(CASES))('a member is shown %s', (name) => {
  const shown = fcm.recorder.accepted(tokens.get(name) ?? '').map(({ payload }) => {
    return (payload as { android: { notification?: { body?: string } } }).android.notification?.body;
  });
  expect(shown).toEqual(CASES[name]?.shows);
});
