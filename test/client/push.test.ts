import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceInput } from '../../packages/client/src/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { withPush } from '../../packages/client/src/push.js';
import type { ParleyClientOptions } from '../../packages/client/src/index.js';
import * as clients from './support/clients.js';
import { TestLifecycle } from './support/testLifecycle.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A client with push notifications, and the lifecycle of its options. */
function createClient(userId: string, options: Partial<ParleyClientOptions> = {}) {
  const client = clients.createClient(server, userId, options);
  return Object.assign(withPush(client, { lifecycle: options.lifecycle }), {
    [Symbol.asyncDispose]: () => client.dispose(),
  });
}

async function connectedClient(userId: string, options: Partial<ParleyClientOptions> = {}) {
  const client = createClient(userId, options);
  await client.connect();
  await clients.online(client);
  return client;
}

const device = (name: string): DeviceInput => ({
  provider: 'expo',
  platform: 'ios',
  token: `ExponentPushToken[${name}]`,
});
const tokensOf = async (userId: string): Promise<string[]> =>
  (await server.app.models.devices.findByUsers([userId as never])).map(({ token }) => token);
const isOnline = async (userId: string): Promise<boolean> =>
  (await server.app.services.presence.findOnline([userId as never])).size === 1;

describe('client.push', () => {
  it('registers the device, replaces a token that has changed, and unregisters', async () => {
    await using alice = await connectedClient('p-alice');
    await alice.push.register(device('first'));
    expect(await tokensOf('p-alice')).toEqual([device('first').token]);
    await alice.push.register(device('second'));
    await until(async () => (await tokensOf('p-alice')).join() === device('second').token);
    await alice.push.unregister();
    expect(await tokensOf('p-alice')).toEqual([]);
  });

  it('registers again after every connect, also what was registered without a connection', async () => {
    await using bob = createClient('p-bob');
    await bob.push.register(device('bob'));
    await bob.connect();
    await until(async () => (await tokensOf('p-bob')).length === 1);
    await bob.disconnect();
    await server.app.models.devices.removeIssuedBefore('p-bob' as never, new Date(8.64e15));
    await bob.connect();
    await until(async () => (await tokensOf('p-bob')).length === 1);
  });

  it('says which provider the server does not use', async () => {
    await using carol = await connectedClient('p-carol');
    const apns: DeviceInput = { provider: 'apns', platform: 'ios', token: 'ab'.repeat(32) };
    await expect(carol.push.register(apns)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
  });

  it('ends with the logout, and belongs to the user who signs in next', async () => {
    let userId = 'p-dave';
    await using client = createClient(userId, {
      getToken: () => Promise.resolve(server.token(userId)),
    });
    await client.connect();
    await clients.online(client);
    await client.push.register(device('shared'));
    await client.logout();
    expect(await tokensOf('p-dave')).toEqual([]);
    userId = 'p-erin';
    await client.connect();
    await clients.online(client);
    expect(await tokensOf('p-erin')).toEqual([]);
    await client.push.register(device('shared'));
    expect(await tokensOf('p-erin')).toEqual([device('shared').token]);
  });

  it('reads and sets the settings of the user', async () => {
    await using fay = await connectedClient('p-fay');
    expect(await fay.push.getNotifications()).toEqual({
      enabled: true,
      content: 'full',
      providers: ['expo'],
    });
    expect(await fay.push.updateNotifications({ content: 'sender' })).toMatchObject({ content: 'sender' });
    await expect(fay.push.updateNotifications({})).rejects.toMatchObject({ code: 'VALIDATION' });
  });
});

describe('the foreground', () => {
  it('follows the lifecycle, also after a new connection', async () => {
    const lifecycle = new TestLifecycle();
    await using gus = await connectedClient('p-gus', { lifecycle });
    await until(() => isOnline('p-gus'));
    lifecycle.setForeground(false);
    await until(async () => !(await isOnline('p-gus')));
    await gus.disconnect();
    await gus.connect();
    await clients.online(gus);
    await until(async () => !(await isOnline('p-gus')));
    lifecycle.setForeground(true);
    await until(() => isOnline('p-gus'));
  });

  it('is what the app says, and what the first state of the lifecycle says', async () => {
    await using hal = await connectedClient('p-hal');
    hal.setForeground(false);
    await until(async () => !(await isOnline('p-hal')));
    const lifecycle = new TestLifecycle();
    lifecycle.setForeground(false);
    await using ida = await connectedClient('p-ida', { lifecycle });
    await until(async () => !(await isOnline('p-ida')));
    expect(ida.connectionState.getSnapshot().status).toBe('online');
  });
});
