import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { conversationId as conversationIdSchema, messageId, type WebhookView } from '../../contract/index.js';
import { backendOf, type Backend } from '../backend/support/backend.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { accept, answerWith, messageOf, Receiver, type Delivery } from './support/receiver.js';

let server: TestServer;
let backend: Backend;
let alice: TestClient;
let receiver: Receiver;
let webhookId: string;
const logLines: string[] = [];
let counter = 0;

beforeAll(async () => {
  server = await startServer({
    env: { WEBHOOK_RETRY_MS: '20', LOG_LEVEL: 'info' },
    onLogLine: (line) => logLines.push(line),
  });
  backend = await backendOf(server);
  alice = await server.connectAs('alice');
});
afterAll(() => server[Symbol.asyncDispose]());

/** Each test has a receiver and a webhook of its own. */
beforeEach(async () => {
  receiver = await Receiver.open();
  const added = await backend.ok<{ secret: string; webhook: WebhookView }>('POST', '/webhooks', {
    body: { url: receiver.url, events: ['message.created'] },
  });
  receiver.secrets.push(added.secret);
  webhookId = added.webhook._id;
  return async () => {
    await backend.ok('DELETE', `/webhooks/${webhookId}`);
    await receiver[Symbol.asyncDispose]();
  };
});

const newChat = () => alice.open(`partner${(counter += 1)}`);
async function send(conversationId: string, count = 1): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await alice.ok('sendMessage', { conversationId, content: 'x', clientMessageId: crypto.randomUUID() });
  }
}
const isOf = (conversationId: string) => (one: Delivery) => messageOf(one).conversationId === conversationId;
const seqs = (deliveries: readonly Delivery[], conversationId: string) =>
  deliveries.filter(isOf(conversationId)).map((one) => messageOf(one).seq);
async function view(): Promise<WebhookView> {
  const { webhooks } = await backend.ok<{ webhooks: WebhookView[] }>('GET', '/webhooks');
  const found = webhooks.find(({ _id }) => _id === webhookId);
  if (found === undefined) throw new Error('the webhook is gone');
  return found;
}
const statusIs = (status: WebhookView['status']) =>
  until(async () => (await view()).status === status, { what: `status ${status}` });

test('what is answered with 500 is repeated with the same id and another time, in order, and blocks no other conversation', async () => {
  const [bad, good] = [await newChat(), await newChat()];
  let failures = 0;
  receiver.answer = (delivery, response) =>
    isOf(bad)(delivery) && (failures += 1) <= 4
      ? answerWith(500)(delivery, response)
      : accept(delivery, response);
  await send(bad, 3);
  await until(() => failures > 0);
  await send(good, 3);
  await until(() => seqs(receiver.accepted, bad).length === 3 && seqs(receiver.accepted, good).length === 3);
  expect(seqs(receiver.accepted, bad)).toEqual([1, 2, 3]);
  expect(seqs(receiver.accepted, good)).toEqual([1, 2, 3]);
  const first = receiver.attempts.filter((one) => isOf(bad)(one) && messageOf(one).seq === 1);
  expect(first.length).toBeGreaterThanOrEqual(5);
  expect(new Set(first.map(({ id }) => id)).size).toBe(1);
  expect(new Set(first.map(({ timestamp }) => timestamp)).size).toBe(1);
  await until(async () => (await view()).failingCount === 0);
});

test('a conversation that fails for long stops neither others nor its own order', async () => {
  const [bad, good] = [await newChat(), await newChat()];
  let isBroken = true;
  receiver.answer = (delivery, response) =>
    (isBroken && isOf(bad)(delivery) ? answerWith(500) : accept)(delivery, response);
  await send(bad);
  await until(async () => (await view()).failingCount === 1);
  await send(bad, 4);
  await send(good, 5);
  await until(() => seqs(receiver.accepted, good).length === 5);
  expect(seqs(receiver.accepted, bad)).toEqual([]);
  await until(async () => (await view()).lastError === 'status 500');
  expect(await view()).toMatchObject({ status: 'on', failingCount: 1 });
  isBroken = false;
  await until(() => seqs(receiver.accepted, bad).length === 5);
  expect(seqs(receiver.accepted, bad)).toEqual([1, 2, 3, 4, 5]);
});

test('a receiver that is down gets everything when it is back', async () => {
  const chats = await Promise.all(Array.from({ length: 12 }, newChat));
  let isDown = true;
  receiver.answer = (delivery, response) => (isDown ? answerWith(503) : accept)(delivery, response);
  for (const chat of chats) await send(chat, 2);
  await until(() => receiver.attempts.length > 8);
  isDown = false;
  await until(() => chats.every((chat) => new Set(seqs(receiver.accepted, chat)).size === 2));
  for (const chat of chats) expect(seqs(receiver.accepted, chat)).toEqual([1, 2]);
});

test('Retry-After is honoured', async () => {
  const chat = await newChat();
  receiver.answer = (delivery, response) => {
    receiver.answer = accept;
    answerWith(503, { 'retry-after': '2' })(delivery, response);
  };
  await send(chat);
  await until(() => receiver.accepted.length === 1);
  const [refused, accepted] = receiver.attempts.map(({ sentAtS }) => sentAtS);
  // Times are whole seconds, rounded down.
  expect((accepted ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(1);
  expect(receiver.attempts).toHaveLength(2);
});

test('status 410 switches a webhook off at once; switched on again it continues with what it has not accepted', async () => {
  const chat = await newChat();
  receiver.answer = answerWith(410);
  await send(chat);
  await statusIs('gone');
  expect(logLines.join('')).toContain('a webhook was switched off');
  expect(await server.metric('parley_webhooks_switched_off_total')).toBeGreaterThan(0);
  await send(chat, 2);
  receiver.answer = accept;
  const before = receiver.attempts.length;
  await backend.ok('PATCH', `/webhooks/${webhookId}`, { body: { enabled: true } });
  await until(() => seqs(receiver.accepted, chat).length === 3);
  expect(before).toBe(1);
  expect(seqs(receiver.accepted, chat)).toEqual([1, 2, 3]);
});

test('a delivery that fails for three days switches the webhook off; switched on again nothing is missing', async () => {
  const chat = await newChat();
  receiver.answer = answerWith(500);
  await send(chat, 2);
  await until(async () => (await view()).failingCount === 1);
  await backend.ok('PATCH', `/webhooks/${webhookId}`, { body: { enabled: false } });
  const threeDaysAgo = new Date(Date.now() - 3 * 86_400_000);
  await until(async () => (await server.app.models.webhooks.findById(webhookId))?.owner === undefined, {
    what: 'the owner to give it back',
  });
  await server.app.models.webhookRetries.model.updateMany(
    { webhookId },
    { $set: { firstFailedAt: threeDaysAgo } },
  );
  await server.app.models.webhooks.update(webhookId, { status: 'on' });
  await statusIs('failing');
  receiver.answer = accept;
  await backend.ok('PATCH', `/webhooks/${webhookId}`, { body: { enabled: true } });
  await until(() => seqs(receiver.accepted, chat).length === 2);
  expect(seqs(receiver.accepted, chat)).toEqual([1, 2]);
});

test('a switched off webhook gets nothing, and everything afterwards', async () => {
  const chat = await newChat();
  await backend.ok('PATCH', `/webhooks/${webhookId}`, { body: { enabled: false } });
  await until(async () => (await server.app.models.webhooks.findById(webhookId))?.owner === undefined);
  await send(chat, 2);
  expect(receiver.attempts).toEqual([]);
  expect(await view()).toMatchObject({ status: 'operator' });
  await backend.ok('PATCH', `/webhooks/${webhookId}`, { body: { enabled: true } });
  await until(() => seqs(receiver.accepted, chat).length === 2);
});

test('a redirect is not followed, a long answer is not read, a slow one is waited for', async () => {
  const [moved, long, slow] = [await newChat(), await newChat(), await newChat()];
  let isMoved = true;
  let answerSlow = (): void => undefined;
  receiver.answer = (delivery, response) => {
    if (isOf(moved)(delivery) && isMoved) {
      answerWith(307, { location: '/elsewhere' })(delivery, response);
    } else if (isOf(long)(delivery)) {
      response.writeHead(200);
      response.end(Buffer.alloc(8_000_000, 'x'));
      receiver.accepted.push(delivery);
    } else if (isOf(slow)(delivery)) answerSlow = () => accept(delivery, response);
    else accept(delivery, response);
  };
  await send(slow);
  await until(() => receiver.attempts.some(isOf(slow)));
  await send(moved);
  await send(long, 2);
  await until(() => seqs(receiver.attempts, long).length === 2);
  await until(async () => (await view()).lastError?.includes('redirect'));
  isMoved = false;
  await until(() => receiver.accepted.some(isOf(moved)));
  expect(receiver.attempts.map(({ path }) => path)).not.toContain('/elsewhere');
  expect(seqs(receiver.attempts, slow)).toEqual([1]);
  answerSlow();
  await until(() => receiver.accepted.some(isOf(slow)));
  expect(seqs(receiver.attempts, slow)).toEqual([1]);
});

test('after a rotation both secrets verify, after another one the oldest does not', async () => {
  const chat = await newChat();
  const [old = ''] = receiver.secrets;
  const { secret } = await backend.ok<{ secret: string }>('POST', `/webhooks/${webhookId}/rotate`, {
    body: {},
  });
  await until(async () => {
    await send(chat);
    return receiver.attempts.some(({ signatures }) => signatures.length === 2);
  });
  const both = receiver.accepted.length;
  receiver.secrets.splice(0, 1, secret);
  await send(chat);
  await until(() => receiver.accepted.length > both);
  const last = await backend.ok<{ secret: string }>('POST', `/webhooks/${webhookId}/rotate`, {
    body: { overlapHours: 0 },
  });
  receiver.secrets.push(last.secret);
  await until(async () => {
    await send(chat);
    return receiver.attempts.at(-1)?.signatures.length === 1;
  });
  expect(receiver.forged).toEqual([]);
  receiver.secrets.splice(0, 2, old);
  await send(chat);
  await until(() => receiver.forged.length > 0);
});

test('a replay delivers the same events again, with the same ids', async () => {
  const chat = await newChat();
  const from = new Date().toISOString();
  await send(chat, 3);
  await until(() => seqs(receiver.accepted, chat).length === 3);
  const ids = receiver.accepted.filter(isOf(chat)).map(({ id }) => id);
  receiver.accepted.length = 0;
  await backend.ok('POST', `/webhooks/${webhookId}/replay`, { body: { from } });
  await until(() => seqs(receiver.accepted, chat).length === 3);
  expect(receiver.accepted.filter(isOf(chat)).map(({ id }) => id)).toEqual(ids);
});

test('a test event says whether the receiver accepted it', async () => {
  expect(await backend.ok('POST', `/webhooks/${webhookId}/test`)).toEqual({ delivered: true });
  expect(receiver.accepted[0]).toMatchObject({ type: 'webhook.test', data: { webhookId } });
  receiver.answer = answerWith(400);
  expect(await backend.ok('POST', `/webhooks/${webhookId}/test`)).toEqual({
    delivered: false,
    error: 'status 400',
  });
});

test.each([
  'http://10.0.0.1/',
  'https://169.254.169.254/',
  'https://[::ffff:10.0.0.1]/',
  'https://2852039166/',
])('a webhook to %s is refused', async (url) => {
  const body = { url, events: ['message.created'] };
  expect(await backend.codeOf('POST', '/webhooks', { body })).toBe('FORBIDDEN');
});

test('entries that become visible late, with an earlier id, are delivered', async () => {
  const chat = await newChat();
  await send(chat);
  await until(() => seqs(receiver.accepted, chat).length === 1);
  // As inserted by a process that was paused between making the id and the insert.
  const { conversationId } = messageOf(await receiver.first('message.created', isOf(chat)));
  const [first] = await server.app.models.messages.findRange(
    conversationIdSchema.parse(conversationId),
    1,
    1,
  );
  if (first === undefined) throw new Error('no message');
  const late = { ...first, _id: messageId.parse(`${first._id.slice(0, 8)}${'0'.repeat(16)}`) };
  await server.app.models.messages.insert([{ ...late, seq: 2, n: 2, clientMessageId: crypto.randomUUID() }], {
    ordered: true,
  });
  await until(() => seqs(receiver.accepted, chat).includes(2), { what: 'the late entry' });
});
