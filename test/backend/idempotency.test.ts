import { beforeAll, describe, expect, test } from 'vitest';
import { idempotencyKey, type MessagePageAnswer } from '../../contract/index.js';
import { openChat } from '../contract/support/chat.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer } from '../support/server.js';
import { Backend, backendOf } from './support/backend.js';

const server = sharedServer();
let backend: Backend;
beforeAll(async () => {
  backend = await backendOf(server());
});

async function createChat() {
  const [a, b] = people('alice', 'bob');
  const conversationId = await openChat(server(), [a, b]);
  return { a, b, conversationId, messages: `/conversations/${conversationId}/messages` };
}

const contentsIn = async (messages: string): Promise<string[]> =>
  (await backend.ok<MessagePageAnswer>('GET', messages)).messages.map(({ content }) => content ?? '');

const auditCount = async (action: string): Promise<number> =>
  (await server().app.models.audit.findPage(200)).filter((one) => one.action === action).length;

describe('a call with an Idempotency-Key', () => {
  test('that is repeated has the first answer, and happens once', async () => {
    const { messages } = await createChat();
    const options = { body: { content: 'It is a match!' }, key: 'match-1' };
    const acts = await auditCount('sendServerMessage');
    const first = await backend.call('POST', messages, options);
    const second = await backend.call('POST', messages, options);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect([first, second].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect(await contentsIn(messages)).toEqual(['It is a match!']);
    expect(await auditCount('sendServerMessage')).toBe(acts + 1);
  });

  test('is a conflict with another body or route, and nothing is done', async () => {
    const { messages, b } = await createChat();
    const key = 'match-2';
    await backend.ok('POST', messages, { body: { content: 'one' }, key });
    for (const [method, path, body] of [
      ['POST', messages, { content: 'two' }],
      ['POST', (await createChat()).messages, { content: 'one' }],
      ['PUT', `/users/${b}`, { name: 'Bob' }],
      ['DELETE', `${messages}/1`, undefined],
    ] as const) {
      const reply = await backend.call(method, path, { key, ...(body !== undefined && { body }) });
      expect([reply.status, reply.body]).toMatchObject([409, { code: 'CONFLICT' }]);
    }
    expect(await contentsIn(messages)).toEqual(['one']);
  });

  test('runs once, however often it is sent at the same time, over two processes', async () => {
    const { messages } = await createChat();
    await using second = await startServer({ databaseName: server().databaseName });
    const elsewhere = new Backend(second.url, backend.apiKey, backend.keyId);
    const acts = await auditCount('sendServerMessage');
    const options = { body: { content: 'only once' }, key: 'match-3' };
    const replies = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        (index % 2 === 0 ? backend : elsewhere).call('POST', messages, options),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(replies.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await contentsIn(messages)).toEqual(['only once']);
    expect(await auditCount('sendServerMessage')).toBe(acts + 1);
    const [a, b] = people('alice', 'bob');
    const group = { body: { ownerId: a, name: 'G', participants: [b] }, key: 'group-3' };
    const groups = await Promise.all(
      [backend, elsewhere, backend].map((one) => one.ok('POST', '/conversations', group)),
    );
    expect(new Set(groups.map(({ conversationId }) => conversationId)).size).toBe(1);
  });

  test('is run again when its process died before the answer, and what it had stored is found', async () => {
    const { idempotency } = server().app.models;
    const { messages, a, b } = await createChat();
    // Each call has taken effect, and its claim is one whose process died: without an answer, and ended.
    const calls = [
      ['POST', messages, { body: { content: 'once' }, key: 'crash-1' }],
      ['POST', '/conversations', { body: { ownerId: a, name: 'G', participants: [b] }, key: 'crash-2' }],
      ['PUT', `/users/${a}/ban`, { key: 'crash-3' }],
    ] as const;
    await backend.ok('PUT', `/users/${a}`, { body: {} });
    for (const [method, path, options] of calls) {
      const first = await backend.ok(method, path, options);
      const died = { $set: { claimedUntil: new Date(0) }, $unset: { answer: 1 } };
      await idempotency.model.collection.updateOne({ _id: `backend\n${options.key}` } as object, died);
      const again = await backend.ok(method, path, options);
      const { createdAt: _at, ...same } = first;
      expect(again).toMatchObject({
        ...same,
        ...('duplicate' in first && { duplicate: true }),
        ...('created' in first && { created: false }),
      });
      const last = await backend.call(method, path, options);
      expect(last.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await contentsIn(messages)).toEqual(['once']);
  });

  test('that failed has changed nothing and may be repeated; another input stays a conflict', async () => {
    const { messages, conversationId } = await createChat();
    await backend.ok('POST', `/conversations/${conversationId}/close`);
    const options = { body: { content: 'hello' }, key: 'failed-1' };
    expect(await backend.codeOf('POST', messages, options)).toBe('FORBIDDEN');
    expect(await backend.codeOf('POST', messages, { ...options, body: { content: 'other' } })).toBe(
      'CONFLICT',
    );
    await backend.ok('POST', `/conversations/${conversationId}/reopen`);
    expect(await backend.codeOf('POST', messages, options)).toBe('OK');
    expect(await backend.codeOf('POST', messages, { body: { content: '' }, key: 'failed-2' })).toBe(
      'VALIDATION',
    );
    expect(await backend.codeOf('POST', messages, { body: { content: 'right' }, key: 'failed-2' })).toBe(
      'OK',
    );
  });

  test('belongs to the name of the API key: a rotated key has the same, another backend has its own', async () => {
    const { messages } = await createChat();
    const successor = await backendOf(server());
    const stranger = await backendOf(server(), { name: 'another' });
    const options = { body: { content: 'hello' }, key: 'rotated-1' };
    const first = await backend.ok('POST', messages, options);
    expect(await successor.ok('POST', messages, options)).toEqual(first);
    expect(await stranger.ok('POST', messages, options)).not.toEqual(first);
    expect(await contentsIn(messages)).toEqual(['hello', 'hello']);
  });

  test('has an answer for a day: an older one is forgotten', async () => {
    const { idempotency } = server().app.models;
    const options = { body: { users: [{ userId: people('old')[0] }] }, key: 'old-1' };
    expect(await backend.ok('POST', '/users', options)).toEqual({ createdCount: 1, updatedCount: 0 });
    const dayAgo = new Date(Date.now() - 86_401_000);
    await idempotency.model.collection.updateOne({ _id: 'backend\nold-1' } as object, {
      $set: { createdAt: dayAgo },
    });
    expect(await backend.ok('POST', '/users', options)).toEqual({ createdCount: 0, updatedCount: 1 });
    const indexes = await idempotency.model.collection.indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { createdAt: 1 }, expireAfterSeconds: 86_400 }),
    );
  });

  test('is ignored where no answer is stored: reading, and issuing a token', async () => {
    const [user] = people('user');
    const tokens = await Promise.all(
      [600, 1_200].map((expiresInS) =>
        backend.ok<{ token: string }>('POST', `/users/${user}/token`, {
          body: { expiresInS },
          key: 'token-1',
        }),
      ),
    );
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(2);
    await backend.ok('GET', '/audit', { key: 'token-1' });
    expect(await server().app.models.idempotency.model.findById('backend\ntoken-1')).toBeNull();
  });
});

test.each([
  ['nothing', ''],
  ['a space', 'a b'],
  ['two keys', 'a, b'],
  ['129 characters', 'x'.repeat(129)],
  ['a brace', '{"$ne":1}'],
  ['a letter beyond ASCII', 'é'],
])('an Idempotency-Key of %s is refused', async (_what, key) => {
  expect(idempotencyKey.safeParse(key).success).toBe(false);
  const [user] = people('user');
  const reply = await backend.call('PUT', `/users/${user}`, { body: { name: 'N' }, key });
  expect([reply.status, reply.body]).toMatchObject([
    400,
    { code: 'VALIDATION', details: [{ path: 'Idempotency-Key' }] },
  ]);
  expect(await backend.codeOf('GET', `/users/${user}`)).toBe('NOT_FOUND');
});

test('a repeat waits for the first attempt on another process, and takes over when that does not come to its end', async () => {
  const { messages } = await createChat();
  const { idempotency } = server().app.models;
  const options = { body: { content: 'in the end' }, key: 'slow-1' };
  await backend.ok('POST', messages, { ...options, key: 'slow-0' });
  const { hash = '' } = (await idempotency.model.findById('backend\nslow-0').lean()) ?? {};
  const now = new Date();
  const claimedUntil = new Date(now.getTime() + 1_000);
  await idempotency.claim({ _id: 'backend\nslow-1', owner: 'another', hash, now, claimedUntil });
  const reply = await backend.call('POST', messages, options);
  expect([reply.status, reply.headers.get('idempotent-replayed')]).toEqual([201, null]);
  expect(Date.now()).toBeGreaterThanOrEqual(claimedUntil.getTime());
  expect(await contentsIn(messages)).toEqual(['in the end', 'in the end']);
});
