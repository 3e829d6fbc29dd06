import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutgoingGuard } from '../../backend/src/outgoing/index.js';
import { createProviders } from '../../backend/src/push/index.js';
import { readConfig } from '../../backend/src/config.js';
import type {
  MessageNotification,
  PushItem,
  PushNotification,
  PushProvider,
} from '../../backend/src/services/pushProvider.js';
import { serverEnv } from '../support/server.js';
import { APNS, ApnsServer } from './support/apnsServer.js';
import { ExpoServer } from './support/expoServer.js';
import { FCM, FcmServer } from './support/fcmServer.js';
import { keyFolder } from './support/scene.js';
import { WebPushServer } from './support/webPushServer.js';

const CONVERSATION = '65a000000000000000000001' as PushNotification['conversationId'];
const MESSAGE: MessageNotification = {
  type: 'message',
  conversationId: CONVERSATION,
  messageId: '65a000000000000000000002' as never,
  seq: 7,
  title: { text: 'Anna' },
  body: { text: 'Photo', key: 'parley_image', args: [] },
  badge: 3,
};
const CLEAR: PushNotification = { type: 'clear', conversationId: CONVERSATION, seq: 7, badge: 0 };

const item = (token: string, notification: PushNotification = MESSAGE): PushItem => ({
  token,
  platform: 'ios',
  locale: 'de-CH',
  notification,
  ttlMs: 60_000,
});

let fcm: FcmServer;
let apns: ApnsServer;
let expo: ExpoServer;
let web: WebPushServer;
const providers = new Map<string, PushProvider>();
const guard = new OutgoingGuard(['127.0.0.1']);
const opened: AsyncDisposable[] = [];
const through = (name: string): PushProvider => {
  const found = providers.get(name);
  if (found === undefined) throw new Error(`${name} is not configured`);
  return found;
};
const one = async (name: string, token: string) => {
  const [outcome] = await through(name).send([item(token)]);
  return outcome;
};

const providersOf = (env: Record<string, string>): PushProvider[] =>
  createProviders(readConfig({ ...serverEnv({}), ...env }).PUSH_CREDENTIALS, guard);

beforeAll(async () => {
  const folder = await keyFolder();
  [fcm, apns, expo, web] = await Promise.all([
    FcmServer.start(),
    ApnsServer.start(),
    ExpoServer.start(),
    WebPushServer.start(),
  ]);
  const env = {
    ...(await fcm.env(folder.dir)),
    ...(await apns.env(folder.dir)),
    ...expo.env(),
    ...web.env(),
    PUSH_PROVIDERS: 'fcm,apns,expo,webpush',
  };
  for (const provider of providersOf(env)) providers.set(provider.name, provider);
  opened.push(folder, fcm, apns, expo, web);
});
afterAll(async () => {
  await Promise.all([...providers.values()].map((provider) => provider.close()));
  await guard.close();
  for (const server of opened.reverse()) await server[Symbol.asyncDispose]();
});

describe('FCM', () => {
  it('takes a message with keys of texts, and one access token serves many', async () => {
    const outcomes = await through('fcm').send([item('f1'), item('f2'), item('f3', CLEAR)]);
    expect(outcomes).toEqual([{ outcome: 'sent' }, { outcome: 'sent' }, { outcome: 'sent' }]);
    expect(fcm.issued).toHaveLength(1);
    expect(fcm.recorder.accepted('f1')[0]?.payload).toMatchObject({
      android: {
        ttl: '60s',
        notification: { title: 'Anna', body_loc_key: 'parley_image', body_loc_args: [] },
      },
      apns: { payload: { aps: { alert: { title: 'Anna', 'loc-key': 'parley_image' } } } },
    });
    expect(fcm.recorder.accepted('f3')[0]?.payload).not.toHaveProperty('android.notification');
  });

  it.each([
    ['UNREGISTERED', FCM.unregistered, { outcome: 'invalidToken' }],
    ['a wrong token', FCM.badToken, { outcome: 'invalidToken' }],
    ['another wrong field', FCM.badRequest, { outcome: 'failed', isRefused: false }],
    ['429 with Retry-After', FCM.quota(17), { outcome: 'retryAfter', retryAfterMs: 17_000 }],
    ['500', FCM.internal, { outcome: 'retryAfter' }],
  ])('answers %s', async (name, answer, outcome) => {
    fcm.recorder.answer(`f-${name}`, answer);
    expect(await one('fcm', `f-${name}`)).toMatchObject(outcome);
  });

  it('is asked once more with a new access token when the old one has expired', async () => {
    const before = fcm.issued.length;
    fcm.expireTokens();
    expect(await one('fcm', 'f4')).toEqual({ outcome: 'sent' });
    expect(fcm.issued).toHaveLength(before + 1);
  });

  it('refuses the account: nothing is sent, nothing repeated', async () => {
    fcm.expireTokens();
    fcm.acceptsAccount = false;
    expect(await one('fcm', 'f5')).toMatchObject({ outcome: 'failed', isRefused: true });
    fcm.acceptsAccount = true;
    expect(await one('fcm', 'f5')).toEqual({ outcome: 'sent' });
  });
});

describe('APNs', () => {
  it('takes alerts and background pushes over one HTTP/2 connection', async () => {
    const outcomes = await through('apns').send([item('a1'), item('a2', CLEAR)]);
    expect(outcomes).toEqual([{ outcome: 'sent' }, { outcome: 'sent' }]);
    expect(apns.connections).toBe(1);
    const [alert] = apns.recorder.accepted('a1');
    expect(alert?.payload).toMatchObject({
      aps: {
        alert: { title: 'Anna', 'loc-key': 'parley_image', 'loc-args': [] },
        badge: 3,
        sound: 'default',
      },
      conversationId: CONVERSATION,
      type: 'message',
    });
    expect(alert?.headers).toMatchObject({
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': CONVERSATION,
    });
    const [background] = apns.recorder.accepted('a2');
    expect(background?.headers).toMatchObject({ 'apns-push-type': 'background', 'apns-priority': '5' });
    expect(background?.payload['aps']).toEqual({ 'content-available': 1, badge: 0 });
  });

  it.each([
    ['410', APNS.unregistered, { outcome: 'invalidToken' }],
    ['BadDeviceToken', APNS.badDeviceToken, { outcome: 'invalidToken' }],
    ['another wrong header', APNS.badCollapseId, { outcome: 'failed', isRefused: false }],
    ['InvalidProviderToken', APNS.invalidProviderToken, { outcome: 'failed', isRefused: true }],
    [
      '429 with Retry-After',
      { ...APNS.tooManyRequests, headers: { 'retry-after': '9' } },
      { outcome: 'retryAfter', retryAfterMs: 9_000 },
    ],
    ['500', APNS.internal, { outcome: 'retryAfter' }],
  ])('answers %s', async (name, answer, outcome) => {
    const token = `a-${name.replaceAll(' ', '-')}`;
    apns.recorder.answer(token, answer);
    expect(await one('apns', token)).toMatchObject(outcome);
  });

  it('is connected to again after it went away', async () => {
    expect(await one('apns', 'a3')).toEqual({ outcome: 'sent' });
    const before = apns.connections;
    apns.goAway();
    // A request that met the end of the connection is to be repeated; the next one has a new connection.
    const outcomes = [await one('apns', 'a4'), await one('apns', 'a5')];
    expect(outcomes.at(-1)).toEqual({ outcome: 'sent' });
    expect(apns.connections).toBe(before + 1);
  });

  it('that nobody runs is retried', async () => {
    const stopped = await ApnsServer.start();
    await using folder = await keyFolder();
    const [provider] = providersOf(await stopped.env(folder.dir));
    await stopped[Symbol.asyncDispose]();
    expect(await provider?.send([item('a6')])).toMatchObject([{ outcome: 'retryAfter' }]);
    await provider?.close();
  });
});

describe('Expo', () => {
  it('takes up to 100 in a request, as texts', async () => {
    const items = Array.from({ length: 100 }, (_, index) => item(`ExponentPushToken[e${index}]`));
    const outcomes = await through('expo').send(items);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['sent']));
    expect(expo.batches.at(-1)).toBe(100);
    expect(through('expo').maxBatch).toBe(100);
    expect(expo.recorder.accepted('ExponentPushToken[e7]')[0]?.payload).toMatchObject({
      title: 'Anna',
      body: 'Photo',
      badge: 3,
      data: { conversationId: CONVERSATION },
    });
  });

  it.each([
    ['DeviceNotRegistered', { outcome: 'invalidToken' }],
    ['MessageRateExceeded', { outcome: 'retryAfter' }],
    ['InvalidCredentials', { outcome: 'failed', isRefused: true }],
    ['MessageTooBig', { outcome: 'failed', isRefused: false }],
  ])('answers %s for one of several', async (error, outcome) => {
    const token = `ExponentPushToken[${error}]`;
    expo.recorder.answer(token, { status: 200, body: error });
    const outcomes = await through('expo').send([item('ExponentPushToken[fine]'), item(token)]);
    expect(outcomes).toMatchObject([{ outcome: 'sent' }, outcome]);
  });

  it('answers 429 and 503 for a whole request', async () => {
    expo.answers.push({ status: 429, headers: { 'retry-after': '5' } }, { status: 503 });
    expect(await one('expo', 'ExponentPushToken[x]')).toMatchObject({ retryAfterMs: 5_000 });
    expect(await one('expo', 'ExponentPushToken[x]')).toMatchObject({ outcome: 'retryAfter' });
  });

  it('tells of devices that are gone in the receipts', async () => {
    const token = 'ExponentPushToken[removed-app]';
    expo.receiptErrors.set(token, 'DeviceNotRegistered');
    expect(await one('expo', token)).toEqual({ outcome: 'sent' });
    expect(await through('expo').findInvalidTokens?.()).toEqual([token]);
    expect(await through('expo').findInvalidTokens?.()).toEqual([]);
  });
});

describe('web push', () => {
  it('takes what only the subscribed browser can read', async () => {
    const token = web.subscribe('w1');
    expect(await one('webpush', token)).toEqual({ outcome: 'sent' });
    const [got] = web.recorder.accepted('w1');
    expect(got?.payload).toEqual({
      type: 'message',
      conversationId: CONVERSATION,
      messageId: '65a000000000000000000002',
      seq: '7',
      badge: '3',
      tag: CONVERSATION,
      locale: 'de-CH',
      title: { text: 'Anna' },
      body: { text: 'Photo', key: 'parley_image', args: [] },
    });
    expect(got?.headers).toMatchObject({
      ttl: '60',
      urgency: 'high',
      topic: CONVERSATION,
      'content-encoding': 'aes128gcm',
    });
    expect(got?.headers['authorization']).toMatch(/^vapid t=.+, k=/);
  });

  it.each([
    ['410', { status: 410 }, { outcome: 'invalidToken' }],
    ['404', { status: 404 }, { outcome: 'invalidToken' }],
    ['403', { status: 403 }, { outcome: 'failed', isRefused: true }],
    ['413', { status: 413 }, { outcome: 'failed', isRefused: false }],
    [
      '429 with a date',
      { status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } },
      { outcome: 'retryAfter' },
    ],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, { outcome: 'failed' }],
  ])('answers %s', async (name, answer, outcome) => {
    const id = `w-${name.replaceAll(' ', '-')}`;
    web.recorder.answer(id, answer);
    expect(await one('webpush', web.subscribe(id))).toMatchObject(outcome);
  });

  it.each([
    'http://169.254.169.254',
    'https://10.0.0.1',
    'http://push.example.com',
    'https://[::ffff:10.0.0.1]',
    'https://2130706433',
    'file:///etc',
  ])('never asks %s', async (origin) => {
    const strict = new OutgoingGuard([]);
    const env = { ...web.env(), PUSH_PROVIDERS: 'webpush' };
    const credentials = readConfig({ ...serverEnv({}), ...env }).PUSH_CREDENTIALS;
    const [provider] = createProviders(credentials, strict);
    const token = web.subscribe('evil', origin);
    expect(provider?.acceptsToken(token)).toBe(false);
    expect(await provider?.send([item(token)])).toMatchObject([{ outcome: 'failed' }]);
    await strict.close();
  });

  it('needs a subscription with keys of the right size', () => {
    const { endpoint, keys } = JSON.parse(web.subscribe('w2')) as { endpoint: string; keys: object };
    for (const wrong of [
      'nonsense',
      '{}',
      JSON.stringify({ endpoint }),
      JSON.stringify({ endpoint, keys: { ...keys, auth: 'AAAA' } }),
    ]) {
      expect(through('webpush').acceptsToken(wrong), wrong).toBe(false);
    }
    expect(through('webpush').acceptsToken(web.subscribe('w3'))).toBe(true);
  });
});
