import { performance } from 'node:perf_hooks';
import type { LoadCommands } from './commands.js';
import { dataOf, forEachLimited, type User } from './fleet.js';
import type { Marks } from './loops.js';
import { Samples } from './samples.js';

/** Time to wait until a message has arrived everywhere, in ms. */
const ARRIVAL_TIMEOUT_MS = 10_000;

/** Sends one command after the other and measures each. @throws when one is refused. */
export async function ask(user: User, { event, payloads }: LoadCommands['ask']['input']) {
  const samples = new Samples();
  let last: unknown;
  for (const payload of payloads) {
    const startedAt = performance.now();
    const answer = await user.client.request(event, payload);
    samples.add(performance.now() - startedAt);
    last = dataOf(answer);
  }
  return { times: samples.quantiles(), last };
}

/** User 0 opens the chat with 1, 1 with 2, … and the last one with 0, all at the same time. */
export async function openRing(users: readonly User[]) {
  const startedAt = performance.now();
  const conversationIds = await Promise.all(
    users.map(async ({ client }, index) => {
      const otherUserId = users[(index + 1) % users.length]?.userId;
      const opened = dataOf(await client.request('getOrCreateDirect', { otherUserId }));
      return (opened as { conversation: { _id: string } }).conversation._id;
    }),
  );
  return { wallMs: performance.now() - startedAt, conversationIds };
}

/** All users send `sync` without a cursor at the same time. */
export async function syncAll(users: readonly User[]) {
  const startedAt = performance.now();
  await Promise.all(users.map(async ({ client }) => dataOf(await client.request('sync', {}))));
  return { wallMs: performance.now() - startedAt };
}

/** Sends to users who all have the conversation open, and measures the time until all of them have the message. */
export async function broadcast(
  users: readonly User[],
  { conversationId, messages }: LoadCommands['broadcast']['input'],
  marks: Marks,
) {
  const [sender, ...others] = users;
  if (sender === undefined) throw new Error('No user is connected.');
  let missing = 0;
  let onAllArrived = (): void => undefined;
  await forEachLimited(users, 50, async ({ client }) => {
    dataOf(await client.request('watchConversation', { conversationId, watching: true }));
  });
  for (const { client } of others) {
    client.onPacket = (frame) => {
      // The first bytes are the type of the packet and the name of the event. Parsing would cost more than the relay does.
      if (!frame.toString('latin1', 0, 20).includes('message:new')) return false;
      if (--missing === 0) onAllArrived();
      return true;
    };
  }
  const samples = new Samples();
  const sendOne = async (): Promise<void> => {
    missing = others.length;
    const arrived = new Promise<void>((resolve, reject) => {
      onAllArrived = resolve;
      setTimeout(
        () => reject(new Error(`${missing} members did not get a message`)),
        ARRIVAL_TIMEOUT_MS,
      ).unref();
    });
    const startedAt = performance.now();
    const message = {
      conversationId,
      content: 'Hello to all members.',
      clientMessageId: crypto.randomUUID(),
    };
    dataOf(await sender.client.request('sendMessage', message));
    await arrived;
    samples.add(performance.now() - startedAt);
  };
  marks.begin();
  const startedAt = performance.now();
  for (let count = 0; count < messages; count++) await sendOne();
  const wallMs = performance.now() - startedAt;
  marks.end();
  for (const { client } of others) client.onPacket = undefined;
  return { wallMs, toAll: samples.quantiles() };
}
