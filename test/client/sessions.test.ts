import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../packages/client/src/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import {
  connectedClient,
  createClient,
  online,
  statusOf,
  TestLifecycle,
  textsOf,
  TokenSource,
} from './support/clients.js';
import { TestStorage } from './support/storages.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const nowS = () => Math.floor(Date.now() / 1_000);
/** Number of the user's open sockets. */
const socketsOf = (userId: string) =>
  [...server.app.io.sockets.sockets.values()].filter(({ data }) => data.principal.userId === userId).length;

/** A server of the tests, reached through a proxy. */
const through = (proxy: TcpProxy) => ({ url: proxy.url, token: (userId: string) => server.token(userId) });

describe('tokens', () => {
  it('that have expired at launch are renewed once', async () => {
    const source = new TokenSource(server, 'expired');
    source.queued.push(server.token('expired', { iat: nowS() - 60, exp: nowS() - 10 }));
    await using client = await connectedClient(server, 'expired', { getToken: source.getToken });
    expect(statusOf(client)).toBe('online');
    expect(source.reasons).toEqual(['connect', 'refused']);
  });

  it('that expire are renewed on the open connection, once, and nothing is missed', async () => {
    const source = new TokenSource(server, 'expiring');
    // The app has cached this token: it expires much sooner than its lifetime says.
    source.queued.push(server.token('expiring', { iat: nowS() - 3_600, exp: nowS() + 2 }));
    await using client = await connectedClient(server, 'expiring', { getToken: source.getToken });
    const states: string[] = [];
    client.on('connectionStateChanged', ({ status }) => states.push(status));
    const bob = await server.connectAs('expiring-bob');
    const id = await bob.open('expiring');
    await until(() => source.reasons.length > 1, { what: 'a new token' });
    await bob.send(id, 'Still there?');
    await until(() => client.unreadCount.getSnapshot() === 1);
    expect(source.reasons).toEqual(['connect', 'expiring']);
    expect(states).toEqual([]);
  });

  it('are not requested again when the connection flaps', async () => {
    await using proxy = await TcpProxy.start(server.url);
    const source = new TokenSource(server, 'flapping');
    await using client = await connectedClient(through(proxy), 'flapping', { getToken: source.getToken });
    for (let flap = 0; flap < 4; flap += 1) {
      proxy.cutOnce();
      await until(() => statusOf(client) !== 'online');
      await online(client);
    }
    expect(source.reasons).toEqual(['connect']);
  });

  it('that are missing, or of another user than the app has named, end the connection', async () => {
    const source = new TokenSource(server, 'nobody');
    source.queued.push(undefined, server.token('other'));
    await using client = createClient(server, 'nobody', { getToken: source.getToken, userId: 'nobody' });
    for (let call = 0; call < 2; call += 1) {
      await client.connect();
      await until(() => statusOf(client) === 'ended');
      expect(client.connectionState.getSnapshot().code).toBe('SIGNED_OUT');
    }
    await client.connect();
    await online(client);
    expect(client.userId).toBe('nobody');
  });
});

describe('users', () => {
  it('who change leave nothing behind: neither in memory nor on the device', async () => {
    const storage = new TestStorage();
    const source = new TokenSource(server, 'first');
    await using client = await connectedClient(server, 'first', { storage, getToken: source.getToken });
    const { conversation } = await client.conversations.getOrCreateDirect('first-friend');
    await client.conversation(conversation.id).sendMessage({ text: 'secret' }).stored;
    await client.disconnect();
    const unsent = client.conversation(conversation.id).sendMessage({ text: 'unsent secret' });
    await unsent.persisted;
    expect(await storage.dump('first')).toContain('unsent secret');

    source.userId = 'second';
    await using other = await connectedClient(server, 'second', { storage, getToken: source.getToken });
    expect(other.userId).toBe('second');
    expect(JSON.stringify(other.state.getSnapshot())).not.toContain('secret');
    await until(() => storage.isEmpty('first'));
  });

  it('who change while connected are followed, with one token', async () => {
    const storage = new TestStorage();
    const source = new TokenSource(server, 'third');
    await using client = await connectedClient(server, 'third', { storage, getToken: source.getToken });
    const { conversation } = await client.conversations.getOrCreateDirect('third-friend');
    const pending = client.conversation(conversation.id);
    await client.disconnect();
    const unsent = pending.sendMessage({ text: 'unsent secret' });
    source.userId = 'fourth';
    source.queued.push(server.token('fourth'));
    await client.logout();
    await expect(unsent.stored).rejects.toMatchObject({ code: 'SIGNED_OUT' });
    await client.connect();
    await online(client);
    expect(client.userId).toBe('fourth');
    expect(client.conversations.list().getSnapshot().conversations).toEqual([]);
    expect(source.reasons).toEqual(['connect', 'connect']);
    expect(await storage.isEmpty('third')).toBe(true);
  });

  it('who sign out are removed from the device', async () => {
    const storage = new TestStorage();
    await using client = await connectedClient(server, 'leaving', { storage });
    await client.conversations.getOrCreateDirect('leaving-friend');
    await client.logout();
    expect(statusOf(client)).toBe('idle');
    expect(client.state.getSnapshot()).toMatchObject({ userId: '', conversations: {}, users: {} });
    expect(await storage.isEmpty('leaving')).toBe(true);
    expect(await storage.dump('')).not.toContain('leaving');
  });
});

describe('one connection', () => {
  it('is held by an app that is mounted twice (StrictMode)', async () => {
    const storage = memoryStorage();
    const first = createClient(server, 'strict', { storage });
    void first.connect();
    const disposed = first.dispose();
    await using second = await connectedClient(server, 'strict', { storage });
    await disposed;
    await until(() => socketsOf('strict') === 1);
    expect(statusOf(first)).toBe('idle');
    await expect(first.connect()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(statusOf(second)).toBe('online');
  });

  it('remains after the app was in the background five times, and however often it connects', async () => {
    const lifecycle = new TestLifecycle();
    await using client = createClient(server, 'background', { lifecycle });
    await Promise.all([client.connect(), client.connect()]);
    lifecycle.setForeground(true);
    await online(client);
    for (let turn = 0; turn < 5; turn += 1) {
      lifecycle.setForeground(false);
      lifecycle.setForeground(true);
      lifecycle.setReachable(true);
      await client.connect();
    }
    await online(client);
    expect(socketsOf('background')).toBe(1);
    await client.dispose();
    expect(lifecycle.listenerCount).toBe(0);
    await until(() => socketsOf('background') === 0);
  });

  it('that looks open and is dead is replaced when the app comes back', async () => {
    await using proxy = await TcpProxy.start(server.url);
    const lifecycle = new TestLifecycle();
    await using client = await connectedClient(through(proxy), 'half-dead', { lifecycle });
    const { conversation } = await client.conversations.getOrCreateDirect('half-dead-bob');
    proxy.freeze();
    const bob = await server.connectAs('half-dead-bob');
    await bob.send(conversation.id, 'meanwhile');
    lifecycle.setForeground(true);
    await until(() => statusOf(client) === 'reconnecting', { what: 'the loss to be noticed' });
    proxy.pass();
    await online(client);
    await until(() => textsOf(client, conversation.id).includes('meanwhile'));
  });
});
