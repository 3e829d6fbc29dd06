import { createHmac, generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { COMMAND_NAMES } from '../../contract/index.js';
import { sendAs, openChat } from '../contract/support/chat.js';
import { caughtUp } from '../contract/support/refusal.js';
import { createSampleContext } from '../contract/support/sampleScene.js';
import { commandSamples } from '../../contract/documents/samples.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Api } from '../support/api.js';
import { Refused } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { showPresence } from '../support/presence.js';

const server = sharedServer();
const nowS = (): number => Math.floor(Date.now() / 1_000);

/** Uses a token in the handshake, over HTTP and for `auth:refresh`. @returns the code of each, or "accepted". */
async function tryEverywhere(at: TestServer, userId: string, token: string): Promise<string[]> {
  const handshake = await at.connectAs(userId, { token }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refused ? (error.data as { code: string }).code : String(error)),
  );
  const { body } = await new Api(at.url, token).get('/api/users/me');
  return [handshake, body.success ? 'accepted' : body.code];
}

describe('a token is refused in the handshake and over HTTP', () => {
  const unsigned = (claims: object, alg = 'none'): string =>
    `${Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

  test.each([
    ['garbage', () => 'garbage', 'UNAUTHENTICATED'],
    ['of another secret', (sub: string) => makeToken(sub, {}, { secret: 'another-one' }), 'UNAUTHENTICATED'],
    ['of another algorithm', (sub: string) => makeToken(sub, {}, { algorithm: 'HS512' }), 'UNAUTHENTICATED'],
    ['without a signature', (sub: string) => unsigned({ sub, exp: nowS() + 60 }), 'UNAUTHENTICATED'],
    ['without exp', (sub: string) => makeToken(sub, { exp: undefined }), 'UNAUTHENTICATED'],
    ['that has expired', (sub: string) => makeToken(sub, { exp: nowS() - 1 }), 'TOKEN_EXPIRED'],
    ['not valid yet', (sub: string) => makeToken(sub, { nbf: nowS() + 60 }), 'UNAUTHENTICATED'],
    ['without sub', () => makeToken('x', { sub: undefined }), 'UNAUTHENTICATED'],
    ['whose sub is too long', () => makeToken('x'.repeat(129)), 'UNAUTHENTICATED'],
    ['whose sub has NUL', () => makeToken('a\u0000b'), 'UNAUTHENTICATED'],
    ['whose sub is half a character', () => makeToken('a\ud800'), 'UNAUTHENTICATED'],
  ])('%s', async (_what, make, code) => {
    const [alice] = people('alice');
    expect(await tryEverywhere(server(), alice, make(alice))).toEqual([code, code]);
  });

  test('with another audience or issuer, where they are configured', async () => {
    await using strict = await startServer({ env: { JWT_AUDIENCE: 'chat', JWT_ISSUER: 'app' } });
    const [alice] = people('alice');
    const outcomes = [
      [{ aud: 'chat', iss: 'app' }, 'accepted'],
      [{ aud: 'mail', iss: 'app' }, 'UNAUTHENTICATED'],
      [{ aud: 'chat', iss: 'other' }, 'UNAUTHENTICATED'],
      [{}, 'UNAUTHENTICATED'],
    ] as const;
    for (const [claims, code] of outcomes) {
      expect(await tryEverywhere(strict, alice, makeToken(alice, claims))).toEqual([code, code]);
    }
  });

  test('that is signed with the public key as a secret', async () => {
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await using asymmetric = await startServer({ env: { JWT_PUBLIC_KEY: keys.publicKey, JWT_SECRET: '' } });
    const [alice] = people('alice');
    const good = jwt.sign({ sub: alice, exp: nowS() + 60 }, keys.privateKey, { algorithm: 'RS256' });
    expect(await tryEverywhere(asymmetric, alice, good)).toEqual(['accepted', 'accepted']);
    const [, claims = ''] = good.split('.');
    const head = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
    const forged = createHmac('sha256', keys.publicKey).update(`${head}.${claims}`).digest('base64url');
    expect(await tryEverywhere(asymmetric, alice, `${head}.${claims}.${forged}`)).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
    expect(await tryEverywhere(asymmetric, alice, makeToken(alice))).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
  });

  test('anywhere except in auth.token of the handshake', async () => {
    const [alice] = people('alice');
    const token = server().token(alice);
    const connecting = server().connectAs(alice, {
      token: '',
      headers: { authorization: `Bearer ${token}` },
    });
    await expect(connecting).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
  });
});

describe('a token that expires during a connection', () => {
  /** Returns a connection whose token has just expired. */
  async function expired() {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    const client = await server().connectAs(alice, { token: makeToken(alice, { exp: nowS() + 2 }) });
    await client.ok('presence:watch', { userIds: [bob] });
    const goodbye = await client.next('auth:expired');
    return { alice, bob, conversationId, client, goodbye };
  }

  test('is announced, then every event is TOKEN_EXPIRED, nothing is pushed, and a new token restores everything (promise 6)', async () => {
    const { alice, bob, conversationId, client, goodbye } = await expired();
    expect(goodbye).toMatchObject({ code: 'TOKEN_EXPIRED', reconnect: true });
    expect(client.socket.connected).toBe(true);

    const context = await createSampleContext(server(), [alice, bob]);
    for (const name of COMMAND_NAMES.filter((one) => one !== 'auth:refresh')) {
      const [sample] = commandSamples(context)[name];
      expect(await client.call(name, sample), name).toMatchObject({ success: false, code: 'TOKEN_EXPIRED' });
    }
    const heard = client.heard.length;
    await sendAs(server(), { conversationId, sender: bob, content: 'meanwhile' });
    const other = await server().connectAs(bob);
    await other.ok('typing', { conversationId, typing: true });
    await other.ok('message:read', { conversationId, seq: 1 });
    other.close();
    // The answer arrives after everything that the server had sent before.
    await client.call('getConversations', {});
    expect(client.heard.slice(heard)).toEqual([]);

    const token = makeToken(alice, { exp: nowS() + 600 });
    expect(await client.ok('auth:refresh', { token })).toEqual({
      userId: alice,
      expiresAt: new Date((jwt.decode(token) as { exp: number }).exp * 1_000).toISOString(),
    });
    expect(await client.ok('getMessages', { conversationId })).toMatchObject({
      lastSeq: expect.any(Number) as number,
    });
    await sendAs(server(), { conversationId, sender: bob, content: 'back again' });
    expect(await client.next('message:new')).toMatchObject({ content: 'back again' });
  });

  test('is not replaced by another user’s token, an expired or a forged one', async () => {
    const { alice, bob, client } = await expired();
    for (const [token, code] of [
      [makeToken(bob), 'FORBIDDEN'],
      [makeToken(alice, { exp: nowS() - 1 }), 'TOKEN_EXPIRED'],
      [makeToken(alice, {}, { secret: 'another-one' }), 'UNAUTHENTICATED'],
    ] as const) {
      expect(await client.call('auth:refresh', { token })).toMatchObject({ success: false, code });
    }
    expect(await client.call('getConversations', {})).toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  test('does not end the connection of a device that renewed it in time', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    const client = await server().connectAs(alice, { token: makeToken(alice, { exp: nowS() + 2 }) });
    await client.ok('auth:refresh', { token: makeToken(alice, { exp: nowS() + 600 }) });
    const witness = await server().connectAs(alice, { token: makeToken(alice, { exp: nowS() + 2 }) });
    await witness.next('auth:expired');
    await sendAs(server(), { conversationId, sender: bob });
    await client.next('message:new');
    expect(client.pushes('auth:expired')).toEqual([]);
    expect(witness.pushes('message:new')).toEqual([]);
  });

  test('makes a user with a single device offline, and a new token makes them online again', async () => {
    const [alice, bob] = people('alice', 'bob');
    await openChat(server(), [alice, bob]);
    await showPresence(server(), alice, bob);
    const watcher = await server().connectAs(bob);
    await watcher.ok('presence:watch', { userIds: [alice] });
    const client = await server().connectAs(alice, { token: makeToken(alice, { exp: nowS() + 2 }) });
    await watcher.next('presence', ({ status }) => status === 'offline');
    await client.ok('auth:refresh', { token: makeToken(alice) });
    await until(() => watcher.pushes('presence').filter(({ status }) => status === 'online').length === 2);
  });
});

describe('a renewed token', () => {
  test('of another user is FORBIDDEN, and changes nothing', async () => {
    const [alice, bob] = people('alice', 'bob');
    const client = await server().connectAs(alice);
    expect(await client.call('auth:refresh', { token: makeToken(bob) })).toMatchObject({ code: 'FORBIDDEN' });
    const conversationId = await client.open(bob);
    expect(await client.send(conversationId, 'still me')).toMatchObject({ data: { senderId: alice } });
  });

  test('with a time out of range is refused, and is no server error', async () => {
    const [alice] = people('alice');
    const client = await server().connectAs(alice);
    const answer = await client.call('auth:refresh', { token: makeToken(alice, { exp: 1e15 }) });
    expect(answer).toMatchObject({ success: false, code: 'UNAUTHENTICATED' });
  });
});

describe('logging out everywhere (promise 6)', () => {
  test('closes every open connection of the user before it is answered, and no others', async () => {
    const [alice, bob] = people('alice', 'bob');
    const token = server().token(alice, { iat: nowS() - 10 });
    const devices = await Promise.all([1, 2, 3].map(() => server().connectAs(alice, { token })));
    const other = await server().connectAs(bob);
    const api = new Api(server().url, token);
    const allEnded = Promise.all(
      devices.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve))),
    );
    const revoked = api.post('/api/users/me/revoke-tokens');
    // The answer waits for the next second; closing the connections does not.
    expect(await Promise.race([allEnded.then(() => 'ended'), revoked.then(() => 'answered')])).toBe('ended');
    expect((await revoked).status).toBe(200);
    for (const device of devices) {
      expect(device.pushes('auth:expired')).toMatchObject([{ code: 'UNAUTHENTICATED', reconnect: false }]);
    }
    await caughtUp([other]);
    expect(other.heard).toEqual([]);
  });

  test('invalidates the token for the handshake, for HTTP and for a renewal; a later one is valid', async () => {
    const [alice] = people('alice');
    const old = server().token(alice, { iat: nowS() - 10 });
    const reply = await new Api(server().url, old).post<{ tokensValidFrom: string }>(
      '/api/users/me/revoke-tokens',
    );
    if (!reply.body.success) throw new Error(reply.body.code);
    const validFromS = Math.ceil(Date.parse(reply.body.data.tokensValidFrom) / 1_000);
    expect(await tryEverywhere(server(), alice, old)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const fresh = makeToken(alice, { iat: validFromS });
    expect(await tryEverywhere(server(), alice, fresh)).toEqual(['accepted', 'accepted']);
    const client = await server().connectAs(alice, { token: fresh });
    expect(await client.call('auth:refresh', { token: old })).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await client.ok('getConversations', {})).toBeDefined();
  });

  test('reaches a second server on the same database within a second', async () => {
    const [alice, bob] = people('alice', 'bob');
    await using second = await startServer({ databaseName: server().databaseName });
    const token = server().token(alice, { iat: nowS() - 10 });
    const conversationId = await openChat(server(), [alice, bob]);
    const device = await second.connectAs(alice, { token });
    await new Api(server().url, token).post('/api/users/me/revoke-tokens');
    // However busy the second server is, it uses cached token states for less than a second.
    await wait(1_000);
    const answer = device.socket.connected
      ? await device.call('getConversations', {}).catch(() => undefined)
      : undefined;
    expect(answer).not.toMatchObject({ success: true });
    await until(() => !device.socket.connected);
    expect(await tryEverywhere(second, alice, token)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    await sendAs(second, { conversationId, sender: bob });
    expect(device.pushes('message:new')).toEqual([]);
  });

  test('invalidates every token of that second, and accepts tokens issued after the answer', async () => {
    const [alice] = people('alice');
    // Issued now: most tokens contain only the second of their issue.
    const [phone, tablet] = [server().token(alice), server().token(alice, { jti: 'tablet' })];
    const device = await server().connectAs(alice, { token: tablet });
    const revoked = await new Api(server().url, phone).post('/api/users/me/revoke-tokens');
    expect(revoked.status).toBe(200);
    const fresh = server().token(alice);
    expect(await tryEverywhere(server(), alice, fresh)).toEqual(['accepted', 'accepted']);
    await until(() => !device.socket.connected);
    for (const old of [phone, tablet]) {
      expect(await tryEverywhere(server(), alice, old)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    }
  });

  test('distinguishes tokens of one second if they contain milliseconds', async () => {
    const [alice] = people('alice');
    const reply = await new Api(server().url, server().token(alice)).post<{ tokensValidFrom: string }>(
      '/api/users/me/revoke-tokens',
    );
    if (!reply.body.success) throw new Error(reply.body.code);
    const validFromMs = Date.parse(reply.body.data.tokensValidFrom);
    const [before, after] = [-1, 1].map((ms) => makeToken(alice, { iat: (validFromMs + ms) / 1_000 }));
    expect(await tryEverywhere(server(), alice, before ?? '')).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
    expect(await tryEverywhere(server(), alice, after ?? '')).toEqual(['accepted', 'accepted']);
  });

  test('with a token without a time of issue: it counts as older than any revocation', async () => {
    const [alice] = people('alice');
    const timeless = makeToken(alice, { iat: undefined });
    expect(await tryEverywhere(server(), alice, timeless)).toEqual(['accepted', 'accepted']);
    await new Api(server().url, timeless).post('/api/users/me/revoke-tokens');
    expect(await tryEverywhere(server(), alice, timeless)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });
});
