import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../backend/src/config.js';
import { serverEnv, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ApnsServer } from './support/apnsServer.js';
import { keyFolder, gone, lookedAt, registerDevice, say } from './support/scene.js';
import { WebPushServer } from './support/webPushServer.js';

/** A server with texts as keys, that shows senders at most, and counts connections in the background. */
let server: TestServer;
let apns: ApnsServer;
let web: WebPushServer;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  const folder = await keyFolder();
  [apns, web] = await Promise.all([ApnsServer.start(), WebPushServer.start()]);
  server = await startServer({
    env: {
      ...(await apns.env(folder.dir)),
      ...web.env(),
      PUSH_PROVIDERS: 'apns,webpush',
      PUSH_CONTENT: 'sender',
      PUSH_TEXTS: 'keys',
      PUSH_TO: 'disconnected',
    },
  });
  opened.push(folder, apns, web, server);
});
afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

let devices = 0;
const appleDevice = (userId: string): Promise<string> => {
  devices += 1;
  const token = devices.toString(16).padStart(64, '0');
  return registerDevice(server, userId, { provider: 'apns', platform: 'ios', token });
};

describe.concurrent('the app', () => {
  it('decides what notifications show at most, in texts of its own', async () => {
    const sender = await server.connectAs('a1', { token: server.token('a1', { name: 'Anna' }) });
    const { conversation } = await sender.ok('createGroup', { name: 'Hikers', participants: ['b1'] });
    const token = await appleDevice('b1');
    await say(sender, conversation._id, 'a secret');
    const [first] = await apns.recorder.waitFor(token);
    expect(first?.payload['aps']).toMatchObject({
      alert: { title: 'Hikers', 'loc-key': 'parley_new_message_from', 'loc-args': ['Anna'] },
    });
    expect(JSON.stringify(first?.payload)).not.toContain('secret');
    const reply = await server.api('b1').request('PATCH', '/api/users/me/notifications', { content: 'full' });
    expect(reply.body).toMatchObject({ data: { notifications: { content: 'sender' } } });
  });

  it('may count connections in the background as connected', async () => {
    const sender = await server.connectAs('a2');
    const conversationId = await sender.open('b2');
    const token = await appleDevice('b2');
    const reader = await server.connectAs('b2');
    await reader.ok('setForeground', { foreground: false });
    await lookedAt(server, await say(sender, conversationId));
    expect(apns.recorder.accepted(token)).toEqual([]);
    reader.close();
    await gone(server, 'b2');
    await say(sender, conversationId);
    await apns.recorder.waitFor(token);
  });

  it('subscribes a page with the public key, and reaches it by web push', async () => {
    const sender = await server.connectAs('a3', { token: server.token('a3', { name: 'Anna' }) });
    const conversationId = await sender.open('b3');
    const reply = await server.api('b3').get('/api/users/me/notifications');
    expect(reply.body).toMatchObject({ data: { notifications: { vapidPublicKey: web.vapid.publicKey } } });
    await registerDevice(server, 'b3', {
      provider: 'webpush',
      platform: 'web',
      locale: 'fr',
      token: web.subscribe('b3'),
    });
    const { seq } = await say(sender, conversationId, 'hello');
    const [first] = await web.recorder.waitFor('b3');
    expect(first?.payload).toMatchObject({
      type: 'message',
      conversationId,
      seq: String(seq),
      badge: '1',
      locale: 'fr',
      title: { text: 'Anna' },
      body: { text: 'New message', key: 'parley_new_message' },
    });
  });

  it('clears a notification when its user answers from another device', async () => {
    const sender = await server.connectAs('a4');
    const conversationId = await sender.open('b4');
    const token = await appleDevice('b4');
    await say(sender, conversationId);
    await apns.recorder.waitFor(token);
    const answer = { content: 'yes', clientMessageId: crypto.randomUUID() };
    await server.api('b4').post(`/api/conversations/${conversationId}/messages`, answer);
    const [, cleared] = await apns.recorder.waitFor(token, 2);
    expect(cleared?.payload).toMatchObject({ type: 'clear', conversationId, aps: { badge: 0 } });
  });

  it('reaches the members of a large channel page by page, those with a device', async () => {
    const sender = await server.connectAs('a5');
    const members = Array.from({ length: 700 }, (_, index) => `m5-${String(index).padStart(4, '0')}`);
    const { conversation } = await sender.ok('createGroup', {
      type: 'channel',
      name: 'News',
      participants: members.slice(0, 100),
    });
    const conversationId = conversation._id;
    for (let from = 100; from < members.length; from += 100) {
      await sender.ok('addMembers', { conversationId, userIds: members.slice(from, from + 100) });
    }
    const readers = ['m5-0000', 'm5-0350', 'm5-0699'];
    const tokens = await Promise.all(readers.map(appleDevice));
    await say(sender, conversationId, 'news');
    for (const token of tokens) await apns.recorder.waitFor(token);
    await until(async () => (await server.app.models.pushJobs.count()) === 0);
    expect(tokens.map((token) => apns.recorder.accepted(token).length)).toEqual([1, 1, 1]);
  });
});

describe('wrong configuration', () => {
  const problemOf = (env: Record<string, string>): string => {
    try {
      readConfig({ ...serverEnv({}), PUSH_PROVIDERS: '', ...env });
      return 'accepted';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const vapid = { VAPID_PUBLIC_KEY: '', VAPID_PRIVATE_KEY: '', VAPID_SUBJECT: 'mailto:a@b.example' };

  it.each([
    [{ PUSH_PROVIDERS: 'gcm' }, /^PUSH_PROVIDERS: must be some of fcm, apns, expo, webpush\.$/],
    [{ PUSH_PROVIDERS: 'fcm' }, /^FCM_SERVICE_ACCOUNT_FILE is needed for PUSH_PROVIDERS\.$/],
    [
      { FCM_SERVICE_ACCOUNT_FILE: '/nowhere.json' },
      /^FCM_SERVICE_ACCOUNT_FILE: \/nowhere\.json cannot be read/,
    ],
    [
      { FCM_SERVICE_ACCOUNT_FILE: 'package.json' },
      /^FCM_SERVICE_ACCOUNT_FILE: package\.json is not the key file/,
    ],
    [{ APNS_KEY_FILE: '/nowhere.p8' }, /^APNS_KEY_ID is needed for APNS_KEY_FILE\.$/],
    [{ APNS_KEY_ID: 'short' }, /^APNS_KEY_ID: must be 10 capital letters and digits\.$/],
    [{ ...vapid }, /^VAPID_PUBLIC_KEY is needed for VAPID_SUBJECT\.$/],
    [
      { VAPID_PRIVATE_KEY: 'abc' },
      /^VAPID_PRIVATE_KEY: must be a key as `npm run push -- keys` prints it\.$/,
    ],
    [{ VAPID_SUBJECT: 'me' }, /^VAPID_SUBJECT: must be mailto:/],
    [{ PUSH_CONTENT: 'all' }, /^PUSH_CONTENT: must be one of none, sender, full\.$/],
    [{ PUSH_TTL_MS: '1' }, /^PUSH_TTL_MS: must be at least 1000\.$/],
    [{ APNS_URL: 'api.push.apple.com' }, /^APNS_URL: must be an http or https URL\.$/],
  ] as const)('%o stops the start with a sentence', (env, sentence) => {
    expect(problemOf({ ...env })).toMatch(sentence);
  });

  it('a key of another kind stops the start with a sentence', async () => {
    await using folder = await keyFolder();
    const file = join(folder.dir, 'key.p8');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const env = {
      APNS_KEY_FILE: file,
      APNS_KEY_ID: 'ABC123DEFG',
      APNS_TEAM_ID: 'DEF123GHIJ',
      APNS_TOPIC: 'a.b',
    };
    expect(problemOf(env)).toBe(`APNS_KEY_FILE: ${file} is not a key of Apple (.p8).`);
  });

  it('none of these variables switches push notifications off', () => {
    expect(problemOf({})).toBe('accepted');
    const { PUSH_CREDENTIALS } = readConfig({ ...serverEnv({}), PUSH_PROVIDERS: '' });
    expect(PUSH_CREDENTIALS).toMatchObject({
      fcm: undefined,
      apns: undefined,
      expo: undefined,
      webPush: undefined,
    });
  });
});
