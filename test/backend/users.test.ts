import { beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_USER_ID, type AccountView } from '../../contract/index.js';
import { openChat } from '../contract/support/chat.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Api } from '../support/api.js';
import { Refused } from '../support/client.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Backend, backendOf } from './support/backend.js';

const server = sharedServer();
let backend: Backend;
beforeAll(async () => {
  backend = await backendOf(server());
});

const PICTURE = 'https://x.example/a.png';
const accountOf = async (userId: string): Promise<AccountView> =>
  (await backend.ok<{ user: AccountView }>('GET', `/users/${encodeURIComponent(userId)}`)).user;

describe('users', () => {
  test('are created and updated, one or a thousand, in one write, and shown with the next message', async () => {
    const [a, b] = people('alice', 'bob');
    const conversationId = await openChat(server(), [a, b]);
    const bob = await server().connectAs(b);
    const created = await backend.call('PUT', `/users/${a}`, { body: { name: 'Alice', avatar: PICTURE } });
    expect([created.status, created.body]).toMatchObject([201, { data: { userId: a, created: true } }]);
    const updated = await backend.call('PUT', `/users/${a}`, { body: { name: 'Al', avatar: null } });
    expect([updated.status, updated.body]).toMatchObject([200, { data: { created: false } }]);
    expect(await accountOf(a)).toEqual({ _id: a, name: 'Al', createdAt: expect.any(String) as string });
    await (await server().connectAs(a)).send(conversationId, 'hello');
    expect((await bob.next('message:new')).sender).toEqual({ _id: a, name: 'Al' });

    const users = Array.from({ length: 1_000 }, (_, index) => ({
      userId: index === 0 ? a : `${a}-${index}`,
      name: `Name ${index}`,
      avatar: `https://x.example/${'p'.repeat(1_000)}`,
    }));
    expect(await backend.ok('POST', '/users', { body: { users } })).toEqual({
      createdCount: 999,
      updatedCount: 1,
    });
    expect(await accountOf(`${a}-999`)).toMatchObject({ name: 'Name 999' });
    const tooMany = { body: { users: [...users, { userId: 'one-more' }] } };
    expect(await backend.codeOf('POST', '/users', tooMany)).toBe('VALIDATION');
  });

  test.each([
    ['nothing', {}],
    ['no users', { users: [] }],
    ['a user twice', { users: [{ userId: 'x' }, { userId: 'x', name: 'X' }] }],
    ['an empty id', { users: [{ userId: '' }] }],
    ['an operator as id', { users: [{ userId: { $ne: null } }] }],
    ['an id with NUL', { users: [{ userId: 'a\u0000' }] }],
    ['an id of 129 characters', { users: [{ userId: 'x'.repeat(129) }] }],
    ['an empty name', { users: [{ userId: 'x', name: ' ' }] }],
    ['a picture that is a script', { users: [{ userId: 'x', avatar: 'javascript:alert(1)' }] }],
    ['a ban', { users: [{ userId: 'x', bannedAt: null }] }],
    ['no list', { users: { length: 1 } }],
    ['text that is no JSON', '{"users": ['],
    ['an array', []],
  ])('are not created from %s', async (_what, body) => {
    const reply = await backend.call('POST', '/users', { body });
    expect([reply.status, reply.body]).toMatchObject([400, { code: 'VALIDATION' }]);
    expect(await backend.codeOf('GET', '/users/x')).toBe('NOT_FOUND');
  });

  test('have bodies of 4 MiB at most; without a key nothing is read', async () => {
    const body = { users: [{ userId: 'x', name: 'x'.repeat(4 * 1024 * 1024) }] };
    const reply = await backend.call('POST', '/users', { body });
    expect([reply.status, reply.body]).toMatchObject([413, { code: 'TOO_LARGE' }]);
    const anonymous = new Backend(server().url, undefined, '');
    expect((await anonymous.call('POST', '/users', { body: '{' })).status).toBe(401);
  });

  test('whose ids are of any characters are found by them', async () => {
    for (const userId of ['a_b', 'a%2Fb', 'ü/ö', '👩‍🚀', SYSTEM_USER_ID]) {
      await backend.ok('PUT', `/users/${encodeURIComponent(userId)}`, { body: { name: 'N' } });
      expect(await accountOf(userId)).toMatchObject({ _id: userId, name: 'N' });
    }
  });

  test('who are banned lose their connections, and come back when the ban is lifted', async () => {
    const [a] = people('mallory');
    await backend.ok('PUT', `/users/${a}`, { body: { name: 'Mallory' } });
    const client = await server().connectAs(a);
    const ended = new Promise((resolve) => client.socket.once('disconnect', resolve));
    expect(await backend.ok('PUT', `/users/${a}/ban`)).toEqual({ userId: a });
    await ended;
    const { bannedAt } = await accountOf(a);
    expect(bannedAt).toBeDefined();
    await backend.ok('PUT', `/users/${a}/ban`);
    expect((await accountOf(a)).bannedAt).toBe(bannedAt);
    await expect(server().connectAs(a)).rejects.toThrow(Refused);
    expect(await backend.codeOf('POST', `/users/${a}/token`)).toBe('FORBIDDEN');
    await backend.ok('DELETE', `/users/${a}/ban`);
    await server().connectAs(a);
    for (const [method, path] of [
      ['PUT', '/users/nobody/ban'],
      ['DELETE', '/users/nobody/ban'],
      ['DELETE', '/users/nobody'],
      ['POST', '/users/nobody/revoke-tokens'],
    ] as const) {
      expect(await backend.codeOf(method, path)).toBe('NOT_FOUND');
    }
  });

  test('who are deleted have no profile and no access; their messages stay', async () => {
    const [a, b] = people('alice', 'bob');
    const conversationId = await openChat(server(), [a, b]);
    await backend.ok('PUT', `/users/${a}`, { body: { name: 'Alice' } });
    const [alice, bob] = await Promise.all([server().connectAs(a), server().connectAs(b)]);
    await alice.send(conversationId, 'goodbye');
    const ended = new Promise((resolve) => alice.socket.once('disconnect', resolve));
    await backend.ok('DELETE', `/users/${a}`);
    await ended;
    expect(await accountOf(a)).not.toHaveProperty('name');
    expect(await accountOf(a)).toHaveProperty('deletedAt');
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ content: 'goodbye', sender: { _id: a } }]);
    expect(messages[0]?.sender).not.toHaveProperty('name');
    await expect(server().connectAs(a)).rejects.toThrow(Refused);
    expect(await backend.codeOf('DELETE', `/users/${a}`)).toBe('OK');
  });

  test('get tokens with which they connect, until these are revoked', async () => {
    const [a, b] = people('alice', 'bob');
    const conversationId = await openChat(server(), [a, b]);
    const { token, expiresAt } = await backend.ok<{ token: string; expiresAt: string }>(
      'POST',
      `/users/${a}/token`,
      { body: { expiresInS: 600 } },
    );
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
    const alice = await server().connectAs(a, { token });
    await (await server().connectAs(b)).send(conversationId, 'hello');
    await alice.next('message:new');
    const unread = { totalUnread: 1, mutedUnread: 0, unreadConversations: 1 };
    await until(
      async () =>
        JSON.stringify(await backend.ok('GET', `/users/${a}/unread`)) === JSON.stringify(unread) || undefined,
    );
    const ended = new Promise((resolve) => alice.socket.once('disconnect', resolve));
    await backend.ok('POST', `/users/${a}/revoke-tokens`);
    await ended;
    expect((await new Api(server().url, token).get('/api/users/me')).status).toBe(401);
    const next = await backend.ok<{ token: string }>('POST', `/users/${a}/token`);
    expect((await new Api(server().url, next.token).get('/api/users/me')).status).toBe(200);
    for (const expiresInS of [59, 86_401, 1.5, '600', null]) {
      const code = await backend.codeOf('POST', `/users/${a}/token`, { body: { expiresInS } });
      expect([expiresInS, code]).toEqual([expiresInS, 'VALIDATION']);
    }
  });
});

test('a server that has only a public key issues no tokens, and says why; limits count per API key', async () => {
  const { publicKey } = await import('node:crypto').then(({ generateKeyPairSync }) =>
    generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  );
  await using other = await startServer({
    env: { JWT_PUBLIC_KEY: publicKey, RATE_LIMITS: 'serverRead=2/60s' },
  });
  const [one, two] = [await backendOf(other), await backendOf(other, { name: 'second' })];
  const reply = await one.call('POST', '/users/alice/token');
  expect([reply.status, reply.body]).toMatchObject([
    403,
    { code: 'FORBIDDEN', error: expect.stringContaining('JWT_PUBLIC_KEY') as string },
  ]);
  const codes = [];
  for (const caller of [one, one, one, two]) codes.push(await caller.codeOf('GET', '/audit'));
  expect(codes).toEqual(['OK', 'OK', 'RATE_LIMITED', 'OK']);
  expect(Number((await one.call('GET', '/audit')).headers.get('retry-after'))).toBeGreaterThan(0);
  // Wrong keys count against the address, and cost no query each.
  const wrong = new Backend(other.url, `parley_${'0'.repeat(12)}_${'A'.repeat(43)}`, '');
  const refused = await Promise.all(Array.from({ length: 50 }, () => wrong.call('GET', '/audit')));
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
});
