import { describe, expect, test } from 'vitest';
import { CLOSE_CODES, LIMITS, type Answer } from '../../contract/index.js';
import { connectedClient } from '../client/support/clients.js';
import { Refused } from '../support/client.js';
import { startServer } from '../support/server.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';

const codesOf = (answers: readonly Answer<unknown>[]): string[] =>
  answers.map((answer) => (answer.success ? 'OK' : answer.code));
const countOf = (answers: readonly Answer<unknown>[], code: string): number =>
  codesOf(answers).filter((one) => one === code).length;
const sleep = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

describe('a rate limit', () => {
  test('lets exactly its points pass of 200 parallel calls, over sockets and HTTP together', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'send=30/60s' } });
    const [phone, tablet] = await Promise.all([server.connectAs('alice'), server.connectAs('alice')]);
    const conversationId = await phone.open('bob');
    const body = () => ({ content: 'hello', clientMessageId: crypto.randomUUID() });
    const api = server.api('alice');
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index): Promise<Answer<unknown>> => {
        if (index % 4 === 0)
          return (await api.post(`/api/conversations/${conversationId}/messages`, body())).body;
        return (index % 2 === 0 ? phone : tablet).call('sendMessage', { conversationId, ...body() });
      }),
    );
    expect(countOf(answers, 'OK')).toBe(30);
    expect(countOf(answers, 'RATE_LIMITED')).toBe(170);
    const { messages } = await phone.ok('getMessages', { conversationId });
    expect(messages).toHaveLength(30);
    expect(await server.metric('parley_rate_limited_total')).toBe(170);
    expect(phone.socket.connected && tablet.socket.connected).toBe(true);
  });

  test('says when to retry, and a call after that time passes', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'open=2/2s' } });
    const alice = await server.connectAs('alice');
    const open = () => alice.call('getOrCreateDirect', { otherUserId: 'bob' });
    expect(codesOf([await open(), await open()])).toEqual(['OK', 'OK']);
    const refused = await open();
    if (refused.success) throw new Error('was not refused');
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(2_100);
    const http = await server.api('alice').post('/api/chats/create-or-get', { otherUserId: 'bob' });
    expect(http.status).toBe(429);
    expect(Number(http.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // The time itself is under test: there is no event to wait for.
    await sleep(refused.retryAfterMs ?? 0);
    expect(codesOf([await open()])).toEqual(['OK']);
  });

  test('has a reserve for bursts, and continues at its rate when the reserve is used up', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'typing=2/1s+5/60s' } });
    const alice = await server.connectAs('alice');
    const conversationId = await alice.open('bob');
    const type = () => alice.call('typing', { conversationId, typing: true });
    const first = await Promise.all(Array.from({ length: 10 }, type));
    expect(countOf(first, 'OK')).toBe(7);
    const waits = first.flatMap((answer) => (answer.success ? [] : [answer.retryAfterMs ?? Infinity]));
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_100);
    await sleep(Math.max(...waits));
    expect(countOf(await Promise.all([type(), type(), type()]), 'OK')).toBe(2);
  });

  test('counts by the user of the token: other users, headers and devices change nothing', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'read=3/60s' } });
    const api = server.api('alice');
    const get = (headers: Record<string, string>) =>
      fetch(`${server.url}/api/unread`, {
        headers: { authorization: `Bearer ${makeToken('alice')}`, ...headers },
      });
    expect((await api.get('/api/unread')).status).toBe(200);
    expect((await get({ 'user-agent': 'another' })).status).toBe(200);
    expect((await get({ 'x-forwarded-for': '203.0.113.7' })).status).toBe(200);
    expect((await get({ 'x-forwarded-for': '203.0.113.8', 'user-agent': 'a third' })).status).toBe(429);
    expect((await server.api('bob').get('/api/unread')).status).toBe(200);
  });

  test('counts malformed calls, too, and a repeated send like any other', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'send=3/60s' } });
    const alice = await server.connectAs('alice');
    const conversationId = await alice.open('bob');
    const again = { conversationId, content: 'once', clientMessageId: crypto.randomUUID() };
    const answers = [
      await alice.call('sendMessage', again),
      await alice.call('sendMessage', again),
      await alice.call('sendMessage', { nonsense: true }),
      await alice.call('sendMessage', again),
    ];
    expect(codesOf(answers)).toEqual(['OK', 'OK', 'VALIDATION', 'RATE_LIMITED']);
    expect(answers[3]).toMatchObject({ clientMessageId: again.clientMessageId });
  });

  test('is disabled by RATE_LIMITS=off', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'off', NODE_ENV: 'production' } });
    const alice = await server.connectAs('alice');
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => alice.call('getOrCreateDirect', { otherUserId: 'bob' })),
    );
    expect(countOf(answers, 'OK')).toBe(300);
  });

  test('limits how often a user connects; the handshake says when to retry', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'session=2/60s' } });
    await server.connectAs('alice');
    await server.connectAs('alice');
    const refused: unknown = await server.connectAs('alice').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect((refused as Refused).data).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number) as number,
    });
    await server.connectAs('bob');
  });
});

describe('the outbox of the SDK', () => {
  test('keeps refused messages, waits as long as told, and sends everything once and in order', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'send=3/1s' } });
    await using alice = await connectedClient(server, 'alice');
    const { conversation } = await alice.conversations.getOrCreateDirect('bob');
    const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`);
    const handle = alice.conversation(conversation.id);
    const stored = await Promise.all(texts.map((text) => handle.sendMessage({ text }).stored));
    expect(stored.map(({ seq, content }) => [seq, content])).toEqual(
      texts.map((text, index) => [index + 1, text]),
    );
    const refusals = await server.metric('parley_rate_limited_total');
    expect(refusals).toBeGreaterThan(0);
    // Because it waits, it is refused about once per window, not repeatedly.
    expect(refusals).toBeLessThanOrEqual(texts.length);
    const bob = await server.connectAs('bob');
    const { lastSeq } = await bob.ok('getMessages', { conversationId: conversation.id });
    expect(lastSeq).toBe(texts.length);
  });
});

describe('one connection', () => {
  test('has a limit of commands in progress; further ones are refused and have no effect', async () => {
    await using server = await startServer({ env: { MAX_COMMANDS_PER_SOCKET: '5' } });
    const alice = await server.connectAs('alice');
    const conversationId = await alice.open('bob');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => alice.send(conversationId, `${index}`)),
    );
    expect(countOf(answers, 'OK')).toBeGreaterThanOrEqual(5);
    expect(new Set(codesOf(answers))).toEqual(new Set(['OK', 'RATE_LIMITED']));
    const refused = answers.find((answer) => !answer.success);
    expect(refused).toMatchObject({ retryAfterMs: 1_000 });
    const { lastSeq } = await alice.ok('getMessages', { conversationId });
    expect(lastSeq).toBe(countOf(answers, 'OK'));
    expect((await alice.send(conversationId, 'later')).success).toBe(true);
  });

  test('that keeps sending in spite of refusals is closed, with an announcement', async () => {
    await using server = await startServer({ env: { RATE_LIMITS: 'typing=1/60s' } });
    const mallory = await server.connectAs('mallory');
    const conversationId = await mallory.open('bob');
    for (let index = 0; index < LIMITS.maxRefusalsInARow + 50; index += 1) {
      mallory.socket.emit('typing', { conversationId, typing: true });
    }
    const goodbye = await mallory.next('connection:ended');
    expect(goodbye).toMatchObject({ code: 'FLOODING', afterMs: CLOSE_CODES.FLOODING.afterMs });
    await until(() => !mallory.socket.connected);
  });
});
