import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ServerResponse } from 'node:http';
import type { WebhookView } from '../../contract/index.js';
import { newWebhookSecret } from '../../backend/src/utils/webhookSignature.js';
import { backendOf, type Backend } from '../backend/support/backend.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Receiver, type Answer, type Delivery } from './support/receiver.js';

let hook: Receiver;
let server: TestServer;
let backend: Backend;
let alice: TestClient;
let bob: TestClient;
let conversationId: string;

const say = (response: ServerResponse, verdict: object): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict));
const verdictFor =
  (verdicts: Record<string, object>): Answer =>
  ({ data }, response) =>
    say(response, verdicts[String(data['content'])] ?? { action: 'allow' });

async function startWith(env: Record<string, string> = {}): Promise<TestServer> {
  const secret = newWebhookSecret();
  hook.secrets.push(secret);
  return startServer({ env: { MODERATION_URL: hook.url, MODERATION_SECRET: secret, ...env } });
}

beforeAll(async () => {
  hook = await Receiver.open();
  server = await startWith({ MODERATION_TIMEOUT_MS: '5000' });
  backend = await backendOf(server);
  alice = await server.connectAs('alice');
  bob = await server.connectAs('bob');
  conversationId = await alice.open('bob');
});
beforeEach(() => {
  hook.attempts.length = 0;
  hook.answer = verdictFor({});
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
});

const message = (content: string) => ({ conversationId, content, clientMessageId: crypto.randomUUID() });
const asked = (content: string): Delivery[] =>
  hook.attempts.filter(({ data }) => data['content'] === content);
const storedTexts = async (): Promise<string[]> => {
  const { messages } = await bob.ok('getMessages', { conversationId, limit: 200 });
  return messages.map(({ content }) => content ?? '');
};

test('a text is asked about before it is stored, signed and with its facts', async () => {
  const sent = await alice.ok('sendMessage', message('good'));
  expect(sent.content).toBe('good');
  expect(asked('good')).toMatchObject([
    { type: 'message.review', data: { conversationId, senderId: 'alice', content: 'good' } },
  ]);
  expect(hook.forged).toEqual([]);
});

test('a rejected text is stored nowhere and pushed to nobody; its sender gets the reason', async () => {
  hook.answer = verdictFor({ bad: { action: 'reject', reason: 'No phone numbers, please.' } });
  const answer = await alice.call('sendMessage', message('bad'));
  expect(answer).toMatchObject({ success: false, code: 'REJECTED', error: 'No phone numbers, please.' });
  await alice.ok('sendMessage', message('after it'));
  await until(() => bob.pushes('message:new').some(({ content }) => content === 'after it'));
  expect(bob.pushes('message:new').map(({ content }) => content)).not.toContain('bad');
  expect(await storedTexts()).not.toContain('bad');
});

test('a replaced text is what everybody gets, the sender as well', async () => {
  hook.answer = verdictFor({ 'call 0123': { action: 'replace', content: 'call ****' } });
  const input = message('call 0123');
  expect(await alice.ok('sendMessage', input)).toMatchObject({ content: 'call ****', duplicate: false });
  // A repeat is recognised by what was sent, and is not asked about again.
  expect(await alice.ok('sendMessage', input)).toMatchObject({ content: 'call ****', duplicate: true });
  expect(await alice.call('sendMessage', { ...input, content: 'other' })).toMatchObject({ code: 'CONFLICT' });
  expect(asked('call 0123')).toHaveLength(1);
  await until(() => bob.pushes('message:new').some(({ content }) => content === 'call ****'));
  const everything = JSON.stringify(await server.app.models.messages.model.find().lean());
  expect(everything).not.toContain('0123');
  const found = await bob.ok('searchMessages', { words: '0123' });
  expect(found.messages).toEqual([]);
});

test('a flagged text is stored, reported to the moderators and told to the webhook', async () => {
  await using receiver = await Receiver.open();
  const { secret } = await backend.ok<{ secret: string; webhook: WebhookView }>('POST', '/webhooks', {
    body: { url: receiver.url, events: ['message.flagged', 'user.reported'] },
  });
  receiver.secrets.push(secret);
  hook.answer = verdictFor({
    odd: { action: 'flag', reason: 'scam?' },
    odder: { action: 'flag', reason: 'scam!' },
  });
  const { seq } = await alice.ok('sendMessage', message('odd'));
  await receiver.first('message.flagged', ({ data }) => data['reason'] === 'scam?');
  const reports = () => backend.ok<{ reports: object[] }>('GET', '/reports');
  await until(async () => (await reports()).reports.length === 1);
  expect((await reports()).reports[0]).toMatchObject({
    reporterId: 'parley:system',
    userId: 'alice',
    seq,
    comment: 'scam?',
  });
  await alice.ok('editMessage', { conversationId, seq, content: 'odder' });
  const edited = await receiver.first('message.flagged', ({ data }) => data['reason'] === 'scam!');
  expect(edited.data).toMatchObject({ message: { seq, content: 'odder' } });
  expect(receiver.typed('user.reported')).toEqual([]);
});

test('edits pass it as well', async () => {
  hook.answer = verdictFor({
    worse: { action: 'reject', reason: 'no' },
    mail: { action: 'replace', content: '***' },
  });
  const { seq } = await alice.ok('sendMessage', message('fine'));
  const edit = (content: string) => alice.call('editMessage', { conversationId, seq, content });
  expect(await edit('worse')).toMatchObject({ code: 'REJECTED' });
  expect(await edit('mail')).toMatchObject({
    success: true,
    data: { change: { message: { content: '***' } } },
  });
  expect(asked('worse')).toMatchObject([{ data: { seq } }]);
  expect((await storedTexts()).at(-1)).toBe('***');
});

test('every entry point passes it, except what the backend writes as the system', async () => {
  hook.answer = verdictFor({ bad: { action: 'reject' } });
  const path = `/conversations/${conversationId}/messages`;
  const overHttp = await server
    .api('alice')
    .post(`/api${path}`, { content: 'bad', clientMessageId: crypto.randomUUID() });
  expect(overHttp.body).toMatchObject({ code: 'REJECTED' });
  expect(overHttp.status).toBe(422);
  expect(await backend.codeOf('POST', path, { body: { senderId: 'alice', content: 'bad' } })).toBe(
    'REJECTED',
  );
  expect(await backend.codeOf('POST', path, { body: { content: 'bad' } })).toBe('OK');
  expect(asked('bad')).toHaveLength(2);
});

test('texts of strangers are not shown to it', async () => {
  const stranger = await server.connectAs('stranger');
  expect(await stranger.call('sendMessage', message('psst'))).toMatchObject({ code: 'NOT_PARTICIPANT' });
  expect(asked('psst')).toEqual([]);
});

test('messages keep the order in which they were sent, whatever order the answers have', async () => {
  const waiting: (() => void)[] = [];
  hook.answer = (_delivery, response) => void waiting.push(() => say(response, { action: 'allow' }));
  const sending = ['first', 'second', 'third'].map((content) => alice.ok('sendMessage', message(content)));
  await until(() => waiting.length === 3);
  for (const answer of waiting.toReversed()) {
    const before = await server.metric('parley_moderation_reviews_total');
    answer();
    await until(async () => (await server.metric('parley_moderation_reviews_total')) > before);
  }
  const sent = await Promise.all(sending);
  expect(sent.map(({ seq }) => seq)).toEqual([...sent.map(({ seq }) => seq)].sort((a, b) => a - b));
  expect((await storedTexts()).slice(-3)).toEqual(['first', 'second', 'third']);
});

test.each(['allow', 'reject'])(
  'a dead hook: texts are handled by MODERATION_FALLBACK=%s, and soon not held up',
  async (fallback) => {
    await using other = await startWith({ MODERATION_FALLBACK: fallback, MODERATION_TIMEOUT_MS: '100' });
    hook.answer = () => undefined;
    const carol = await other.connectAs('carol');
    const id = await carol.open('dave');
    const codes: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const answer = await carol.call('sendMessage', {
        conversationId: id,
        content: `text ${count}`,
        clientMessageId: crypto.randomUUID(),
      });
      codes.push(answer.success ? 'OK' : answer.code);
    }
    expect(codes).toEqual(Array.from({ length: 8 }, () => (fallback === 'allow' ? 'OK' : 'REJECTED')));
    // After five failures in a row it is not asked any more.
    expect(hook.attempts).toHaveLength(5);
    expect(await other.metric('parley_moderation_reviews_total')).toBe(8);
  },
);

test.each([
  ['status 500', (response: ServerResponse) => void response.writeHead(500).end()],
  ['no JSON', (response: ServerResponse) => void response.writeHead(200).end('allow')],
  ['an unknown verdict', (response: ServerResponse) => say(response, { action: 'shrug' })],
  ['a redirect', (response: ServerResponse) => void response.writeHead(302, { location: '/' }).end()],
  ['an empty replacement', (response: ServerResponse) => say(response, { action: 'replace', content: ' ' })],
  [
    'a replacement that is too long',
    (response: ServerResponse) => say(response, { action: 'replace', content: 'x'.repeat(9_000) }),
  ],
])('an answer that is none (%s) counts as no answer', async (_name, answer) => {
  const lines: string[] = [];
  const secret = newWebhookSecret();
  hook.secrets.push(secret);
  await using other = await startServer({
    env: {
      MODERATION_URL: hook.url,
      MODERATION_SECRET: secret,
      MODERATION_FALLBACK: 'reject',
      LOG_LEVEL: 'warn',
    },
    onLogLine: (line) => lines.push(line),
  });
  hook.answer = (_delivery, response) => answer(response);
  const carol = await other.connectAs('carol');
  const input = {
    conversationId: await carol.open('dave'),
    content: 'hush',
    clientMessageId: crypto.randomUUID(),
  };
  expect(await carol.call('sendMessage', input)).toMatchObject({ code: 'REJECTED' });
  expect(lines.join('')).toContain('the moderation hook did not decide');
  expect(lines.join('')).not.toContain('hush');
});
