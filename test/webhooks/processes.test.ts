import { expect, test } from 'vitest';
import { readConfig } from '../../backend/src/config.js';
import { connectDatabase } from '../../backend/src/database/connect.js';
import { createModels } from '../../backend/src/models/index.js';
import { OutgoingGuard } from '../../backend/src/outgoing/index.js';
import { WebhookService } from '../../backend/src/services/webhooks/index.js';
import { newDatabaseName, serverEnv } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { accept, messageOf, Receiver } from './support/receiver.js';

/** A database with one webhook, before any server runs on it. */
async function prepare(receiver: Receiver) {
  const databaseName = newDatabaseName();
  const database = await connectDatabase(readConfig(serverEnv({ databaseName })));
  const models = createModels(database.connection);
  const outgoing = new OutgoingGuard(['127.0.0.1']);
  const service = new WebhookService({ ...models, outgoing });
  const { secret } = await service.add({ url: receiver.url, events: ['message.created'] });
  receiver.secrets.push(secret);
  return {
    options: { databaseName, env: { WEBHOOK_RETRY_MS: '50' } },
    models,
    [Symbol.asyncDispose]: async () => {
      await outgoing.close();
      await database.close();
    },
  };
}

type Chatting = Awaited<ReturnType<ServerProcess['connectAs']>>;
const send = async (from: Chatting, conversationId: string) =>
  from.ok('sendMessage', { conversationId, content: 'x', clientMessageId: crypto.randomUUID() });

/** Returns the `seq`s that were delivered of a conversation: first deliveries only, in their order. */
function seqsOf({ accepted }: Receiver, conversationId: string): number[] {
  const seen = accepted.map(messageOf).filter((one) => one.conversationId === conversationId);
  return [...new Set(seen.map(({ seq }) => seq))];
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a server that is killed after a commit and before the delivery: the next one delivers, in order', async () => {
  await using receiver = await Receiver.open();
  await using scene = await prepare(receiver);
  let server = await ServerProcess.start(scene.options);
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  // Never answered: nothing counts as delivered.
  receiver.answer = () => undefined;
  for (let count = 0; count < 20; count += 1) await send(alice, conversationId);
  await server.kill();
  alice.close();
  receiver.answer = accept;
  server = await ServerProcess.start(scene.options);
  await until(() => seqsOf(receiver, conversationId).length === 20);
  expect(seqsOf(receiver, conversationId)).toEqual(upTo(20));
  await server[Symbol.asyncDispose]();
});

test('two processes deliver every event, nearly all of them once; when the owner is killed, the other one takes over', async () => {
  await using receiver = await Receiver.open();
  await using scene = await prepare(receiver);
  const servers = [await ServerProcess.start(scene.options), await ServerProcess.start(scene.options)];
  const people = await Promise.all(servers.map((server, index) => server.connectAs(`user${index}`)));
  const [first, second] = people as [Chatting, Chatting];
  const conversationId = await first.open('user1');
  const ROUNDS = 40;
  await Promise.all(
    people.map(async (person) => {
      for (let count = 0; count < ROUNDS; count += 1) await send(person, conversationId);
    }),
  );
  await until(() => seqsOf(receiver, conversationId).length === 2 * ROUNDS);
  expect(seqsOf(receiver, conversationId)).toEqual(upTo(2 * ROUNDS));
  expect(receiver.accepted.length).toBeLessThan(2 * ROUNDS + 10);
  const [webhook] = await scene.models.webhooks.findAll();
  const heartbeats = await scene.models.processes.findAll();
  expect(heartbeats.map(({ _id }) => _id)).toContain(webhook?.owner?.id);
  // Both are killed one after the other, so one of them was the owner.
  await servers[0]?.kill();
  for (let count = 0; count < 5; count += 1) await send(second, conversationId);
  await until(() => seqsOf(receiver, conversationId).length === 2 * ROUNDS + 5);
  const replacement = await ServerProcess.start(scene.options);
  await servers[1]?.kill();
  const third = await replacement.connectAs('user0');
  for (let count = 0; count < 5; count += 1) await send(third, conversationId);
  await until(() => seqsOf(receiver, conversationId).length === 2 * ROUNDS + 10);
  expect(seqsOf(receiver, conversationId)).toEqual(upTo(2 * ROUNDS + 10));
  for (const person of [...people, third]) person.close();
  await replacement[Symbol.asyncDispose]();
});
