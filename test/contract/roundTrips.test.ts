import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { COMMAND_NAMES, type CommandName } from '../../contract/index.js';
import { commandSamples } from '../../contract/documents/samples.js';
import { REPEATED, ROUND_TRIPS } from '../../scripts/docs/roundTrips.js';
import { ExpoServer } from '../push/support/expoServer.js';
import { startServer } from '../support/server.js';
import { connectCaller, createSampleContext } from './support/sampleScene.js';
import { people, sharedServer } from './support/sharedServer.js';
import { countAll, countCommands, type DatabaseCommands } from './support/databaseCommands.js';

const server = sharedServer();

/** A cursor goes back by two seconds, so `sync` repeats what has just changed. */
const CURSOR_OVERLAP_MS = 2_200;

/** A server collects its metrics once a minute: a count that includes that says nothing, the next one does. */
const ATTEMPTS = 5;

async function expectAtMost(
  allowed: DatabaseCommands,
  count: () => Promise<DatabaseCommands>,
): Promise<void> {
  let counted = await count();
  const isMore = () => counted.reads > allowed.reads || counted.writes > allowed.writes;
  for (let attempt = 1; isMore() && attempt < ATTEMPTS; attempt += 1) counted = await count();
  expect(isMore(), `${JSON.stringify(counted)}, allowed are ${JSON.stringify(allowed)}`).toBe(false);
}

async function countSample(name: CommandName): Promise<DatabaseCommands> {
  const context = await createSampleContext(server());
  const client = await connectCaller(server(), context);
  const [sample = {}] = commandSamples(context)[name];
  const counted = await countCommands(server(), async () => {
    expect(await client.call(name, sample)).toMatchObject({ success: true });
  });
  client.close();
  return counted;
}

test.each(COMMAND_NAMES)('%s asks the database no more often than the docs say', async (name) => {
  await expectAtMost(ROUND_TRIPS[name], () => countSample(name));
});

test('operations of a user who has used the process before ask no more often than the docs say', async () => {
  const [ann, ben, ...others] = people('ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon');
  const [reader, writer] = [await server().connectAs(ann), await server().connectAs(ben)];
  for (const other of others) (await server().connectAs(other)).close();
  const conversationId = await reader.open(ben);
  let seq = 0;
  const say = async () =>
    ({ seq } = await writer.ok('sendMessage', {
      conversationId,
      content: 'hello',
      clientMessageId: crypto.randomUUID(),
    }));
  await say();
  let cursor: string | undefined;
  const quietSync = async () => ({ cursor } = await reader.ok('sync', { ...(cursor && { cursor }) }));
  await reader.ok('getConversations', {});
  await reader.ok('getMessages', { conversationId });
  const strangers = others.values();
  const operations: Record<keyof typeof REPEATED, () => Promise<unknown>> = {
    'getConversations, again': () => reader.ok('getConversations', {}),
    'sync, nothing new': quietSync,
    'sync, a new message': quietSync,
    'getOrCreateDirect, existing': () => reader.open(ben),
    'getOrCreateDirect, new': () => reader.open(strangers.next().value ?? ''),
    'getMessages, newest, again': () => reader.ok('getMessages', { conversationId }),
    'message:read, a new message': () => reader.ok('message:read', { conversationId, seq }),
    'react, to a message with reactions': () =>
      reader.ok('react', { conversationId, seq, emoji: '🎉', on: true }),
  };
  // Before each count, also of a repeated one: what earlier operations have written is behind the cursor.
  const preparations: Partial<typeof operations> = {
    'sync, nothing new': async () => {
      await quietSync();
      await sleep(CURSOR_OVERLAP_MS);
      await quietSync();
    },
    'sync, a new message': say,
    'message:read, a new message': say,
    'react, to a message with reactions': async () => {
      await say();
      await writer.ok('react', { conversationId, seq, emoji: '👍', on: true });
    },
  };
  for (const [name, run] of Object.entries(operations) as [keyof typeof REPEATED, () => Promise<unknown>][]) {
    await expectAtMost(REPEATED[name], async () => {
      await preparations[name]?.();
      return countCommands(server(), run);
    });
  }
});

test('a user who is known connects without a query', async () => {
  const [ann] = people('ann');
  await server().connectAs(ann);
  await expectAtMost({ reads: 0, writes: 0 }, () => countCommands(server(), () => server().connectAs(ann)));
});

test('a process without load asks twice a second at most', async () => {
  const seconds = 5;
  await expectAtMost({ reads: 1, writes: 2 * seconds + 1 }, () =>
    countAll(server(), () => sleep(seconds * 1_000)),
  );
});

test('a process with push notifications and a webhook asks four times a second at most without load', async () => {
  await using expo = await ExpoServer.start();
  await using following = await startServer({ env: expo.env() });
  await following.app.services.webhooks.add({
    url: 'http://127.0.0.1:9/parley',
    events: ['message.created'],
  });
  const seconds = 10;
  const allowed = { reads: 2 * seconds, writes: 3 * seconds };
  await expectAtMost(allowed, () => countAll(following, () => sleep(seconds * 1_000)));
});
