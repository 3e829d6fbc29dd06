import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createParleyClient, memoryStorage, type ParleyStorage } from '../../packages/client/src/index.js';
import type { StorageCollection } from '../../packages/client/src/storage/storage.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { say, Scene } from './support/scene.js';
import { TestLifecycle } from './support/testLifecycle.js';

/** Complaints of the users of other chat SDKs about connections, tokens, and users who change. */

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const nowS = (): number => Math.floor(Date.now() / 1_000);
const expiredToken = (userId: string): string => makeToken(userId, { iat: nowS() - 120, exp: nowS() - 60 });

describe('the socket', () => {
  test('a half-dead socket is noticed when the app comes back to the foreground', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    alice.lifecycle.setForeground(false);
    // The phone slept: its connection is gone, and nobody has told it.
    alice.proxy.stall();
    await say(bob, conversationId, 'while asleep');
    alice.lifecycle.setForeground(true);
    await alice.shows(conversationId, ['hello', 'while asleep']);
    await alice.client.conversation(conversationId).sendMessage({ text: 'awake' }).stored;
    expect(alice.proxy.accepted).toBe(2);
  });

  test('a lost network is noticed long before the next heartbeat', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    alice.proxy.stall();
    alice.lifecycle.changeNetwork(false);
    const isNoticed = () => alice.client.connectionState.getSnapshot().status === 'reconnecting';
    await until(isNoticed, { what: 'a lost connection', timeoutMs: 15_000 });
    await say(bob, conversationId, 'meanwhile');
    alice.lifecycle.changeNetwork(true);
    await alice.shows(conversationId, ['hello', 'meanwhile']);
  });

  test('going to the background and back five times leaves one socket', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    for (let round = 0; round < 5; round += 1) {
      alice.lifecycle.setForeground(false);
      alice.lifecycle.setForeground(true);
    }
    await alice.client.conversation(conversationId).sendMessage({ text: 'still here' }).stored;
    expect([alice.proxy.openCount, alice.proxy.accepted]).toEqual([1, 1]);
  });

  test('connecting and disconnecting five times in a row leaves one socket', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    for (let round = 0; round < 5; round += 1) {
      void alice.client.disconnect();
      void alice.client.connect();
      void alice.client.connect();
    }
    await alice.online();
    await until(() => alice.proxy.openCount === 1, { what: 'one socket' });
    await say(bob, conversationId, 'once');
    await alice.shows(conversationId, ['hello', 'once']);
    expect(alice.received.filter(({ content }) => content === 'once')).toHaveLength(1);
    await alice.client.disconnect();
    await until(() => alice.proxy.openCount === 0, { what: 'no socket' });
    expect(alice.client.connectionState.getSnapshot().status).toBe('idle');
  });

  test('a client that was disposed of holds no socket and no listener', async () => {
    await using pair = await scene.pair();
    const { alice } = pair;
    expect(alice.lifecycle.listeners).toBeGreaterThan(0);
    await alice.client.dispose();
    expect(alice.lifecycle.listeners).toBe(0);
    await until(() => alice.proxy.openCount === 0, { what: 'no socket' });
  });

  test('a network that answers nothing on connecting is given up and tried again', async () => {
    await using pair = await scene.pair({ connect: false });
    const { alice, conversationId } = pair;
    alice.proxy.network = 'silent';
    await alice.client.connect();
    await alice.open(conversationId);
    await until(() => alice.client.connectionState.getSnapshot().status === 'connecting');
    alice.proxy.network = 'up';
    alice.lifecycle.changeNetwork(true);
    await alice.shows(conversationId, ['hello']);
  });
});

describe('tokens', () => {
  test('an expired token at launch is refreshed once, without a loop', async () => {
    const aliceId = 'alice-expired';
    const tokens = [expiredToken(aliceId)];
    await using alice = await scene.device(aliceId, {
      getToken: () => Promise.resolve(tokens.shift() ?? makeToken(aliceId)),
    });
    expect(alice.tokenCalls).toEqual(['connect', 'refused']);
    expect(alice.proxy.recorded('handshake').length).toBeLessThanOrEqual(2);
    await alice.client.command('getConversations', {});
    expect(alice.tokenCalls).toHaveLength(2);
  });

  test('a flapping network does not ask for tokens', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    for (let round = 1; round <= 6; round += 1) {
      alice.proxy.cut();
      await until(() => alice.client.connectionState.getSnapshot().status !== 'online', { everyMs: 1 });
      alice.lifecycle.changeNetwork(true);
      await alice.online();
    }
    await say(bob, conversationId, 'steady');
    await alice.shows(conversationId, ['hello', 'steady']);
    expect(alice.tokenCalls).toEqual(['connect']);
  });

  test('a token is renewed before it expires, once, on the same socket', async () => {
    const aliceId = 'alice-expiring';
    let calls = 0;
    await using alice = await scene.device(aliceId, {
      getToken: () => {
        calls += 1;
        const iat = Date.now() / 1_000;
        return Promise.resolve(makeToken(aliceId, { iat, exp: iat + (calls === 1 ? 3 : 3_600) }));
      },
    });
    const { expiresAt } = await until(() => {
      if (alice.tokenCalls.length < 2) return undefined;
      const refreshed = alice.proxy.recorded('answer', 'auth:refresh')[0]?.answer;
      return (refreshed as { data?: { expiresAt: string } } | undefined)?.data;
    });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 60_000);
    await alice.client.command('getConversations', {});
    expect(alice.tokenCalls).toEqual(['connect', 'expiring']);
    expect([alice.proxy.accepted, alice.proxy.recorded('push', 'auth:expired').length]).toEqual([1, 0]);
  });

  test('a user who is no longer signed in ends the connection, and can come back', async () => {
    const aliceId = 'alice-signed-out';
    let isSignedIn = false;
    await using alice = await scene.device(aliceId, {
      connect: false,
      getToken: () => Promise.resolve(isSignedIn ? makeToken(aliceId) : undefined),
    });
    await alice.client.connect();
    await until(() => alice.client.connectionState.getSnapshot().status === 'ended');
    expect([alice.tokenCalls, alice.proxy.accepted]).toEqual([['connect'], 0]);
    isSignedIn = true;
    await alice.client.connect();
    await alice.online();
  });

  test('a token source that fails for a while is asked again', async () => {
    const aliceId = 'alice-backend';
    let failures = 2;
    await using alice = await scene.device(aliceId, {
      getToken: () => {
        failures -= 1;
        return failures >= 0
          ? Promise.reject(new Error('The backend is away.'))
          : Promise.resolve(makeToken(aliceId));
      },
    });
    expect(alice.tokenCalls).toHaveLength(3);
  });
});

describe('a user who changes', () => {
  const COLLECTIONS: StorageCollection[] = ['outbox', 'meta', 'conversations', 'messages', 'uploads'];

  async function storedOf(storage: ParleyStorage, userId: string): Promise<string[]> {
    const area = await storage.open(userId);
    const all = await Promise.all(COLLECTIONS.map((collection) => area.readAll(collection)));
    return all.flat().map(({ value }) => value);
  }

  test('a log-out leaves nothing behind, unsent messages included', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId, aliceId } = pair;
    await alice.goOffline();
    await alice.client.conversation(conversationId).sendMessage({ text: 'never sent' }).persisted;
    expect(JSON.stringify(await storedOf(alice.storage, aliceId))).toContain('never sent');
    await alice.client.logout();
    expect(await storedOf(alice.storage, aliceId)).toEqual([]);
    expect(await alice.storage.listUserIds()).not.toContain(aliceId);
    expect(alice.client.conversations.list().getSnapshot().conversations).toEqual([]);
    expect(alice.client.outbox.getPending()).toEqual([]);
    // The device, and what it shows, now belong to Bob.
    await using next = await scene.device(bob.userId, { storage: alice.storage });
    await next.shows(conversationId, []);
    await next.open(conversationId);
    await next.shows(conversationId, ['hello']);
    expect(next.client.unreadCount.getSnapshot()).toBe(0);
  });

  test('a token of another user removes everything of the former one, before anything of it is shown', async () => {
    const storage = memoryStorage();
    await using pair = await scene.pair({ storage, isNamed: false });
    const { alice, bob, conversationId, aliceId } = pair;
    await alice.client.dispose();
    expect(await storedOf(storage, aliceId)).not.toEqual([]);
    const lifecycle = new TestLifecycle();
    const client = createParleyClient({
      url: scene.server.url,
      storage,
      lifecycle,
      getToken: () => Promise.resolve(makeToken(bob.userId)),
    });
    await client.connect();
    await until(() => client.connectionState.getSnapshot().status === 'online');
    expect(client.userId).toBe(bob.userId);
    await until(async () => (await storedOf(storage, aliceId)).length === 0, {
      what: 'nothing stored of Alice',
    });
    expect(client.state.getSnapshot().reads[conversationId] ?? 0).toBe(0);
    await client.dispose();
  });
});
