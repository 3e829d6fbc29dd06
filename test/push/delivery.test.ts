import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { FcmServer } from './support/fcmServer.js';
import { gone, keyFolder, lookedAt, registerDevice, say } from './support/scene.js';

let server: TestServer;
let fcm: FcmServer;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  const folder = await keyFolder();
  fcm = await FcmServer.start();
  server = await startServer({ env: await fcm.env(folder.dir) });
  opened.push(folder, fcm, server);
});
afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

const notificationOf = (payload: Record<string, unknown>) =>
  (payload as { android: { notification?: Record<string, unknown> } }).android.notification;

/** A direct chat in which `reader` has a device and no connection. */
async function chat(writer: string, reader: string) {
  const sender = await server.connectAs(writer);
  const conversationId = await sender.open(reader);
  const token = await registerDevice(server, reader);
  return { sender, conversationId, token };
}

// Concurrent: each test has users of its own, and waits for looks at the log that come twice a second.
describe.concurrent('who gets a push notification', () => {
  it('a member without a connection, with text, badge, conversation and collapse key', async () => {
    const { sender, conversationId, token } = await chat('a1', 'b1');
    const { _id, seq } = await say(sender, conversationId, 'good morning');
    const [first] = await fcm.recorder.waitFor(token);
    expect(first?.payload).toMatchObject({
      token,
      data: { type: 'message', conversationId, messageId: _id, seq: String(seq), badge: '1' },
      android: {
        collapse_key: conversationId,
        priority: 'HIGH',
        notification: { body: 'good morning', tag: conversationId, notification_count: 1 },
      },
      apns: {
        headers: { 'apns-collapse-id': conversationId, 'apns-push-type': 'alert' },
        payload: { aps: { badge: 1, 'thread-id': conversationId } },
      },
    });
  });

  it('nobody who is connected, and the sender neither', async () => {
    const { sender, conversationId, token } = await chat('a2', 'b2');
    const own = await registerDevice(server, 'a2');
    const reader = await server.connectAs('b2');
    await lookedAt(server, await say(sender, conversationId));
    reader.close();
    await gone(server, 'b2');
    await say(sender, conversationId, 'are you there?');
    const [only] = await fcm.recorder.waitFor(token);
    expect(notificationOf(only?.payload ?? {})?.['body']).toBe('are you there?');
    expect(fcm.recorder.accepted(own)).toEqual([]);
  });

  it('a user whose only connection is in the background', async () => {
    const { sender, conversationId, token } = await chat('a3', 'b3');
    const reader = await server.connectAs('b3');
    await reader.ok('setForeground', { foreground: false });
    await gone(server, 'b3');
    await say(sender, conversationId);
    await fcm.recorder.waitFor(token);
    await reader.ok('setForeground', { foreground: true });
    await lookedAt(server, await say(sender, conversationId, 'again'));
    expect(fcm.recorder.accepted(token)).toHaveLength(1);
  });

  it('nobody who has muted the conversation, and its messages do not count in the badge', async () => {
    const { sender, conversationId, token } = await chat('a4', 'b4');
    const other = await server.connectAs('c4');
    const second = await other.open('b4');
    const reader = await server.connectAs('b4');
    const mutedUntil = new Date(Date.now() + 3_600_000).toISOString();
    await reader.ok('updateSettings', { conversationId, mutedUntil });
    reader.close();
    await gone(server, 'b4');
    await lookedAt(server, await say(sender, conversationId));
    await say(other, second);
    const [only] = await fcm.recorder.waitFor(token);
    expect(only?.payload['data']).toMatchObject({ conversationId: second, badge: '1' });
    expect(fcm.recorder.accepted(token)).toHaveLength(1);
  });

  it('nobody who has switched notifications off', async () => {
    const { sender, conversationId, token } = await chat('a5', 'b5');
    const reply = await server.api('b5').request('PATCH', '/api/users/me/notifications', { enabled: false });
    expect(reply.body).toMatchObject({
      data: { notifications: { enabled: false, content: 'full', providers: ['fcm'] } },
    });
    await lookedAt(server, await say(sender, conversationId));
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('nobody who has blocked the sender, in a direct chat as in a group', async () => {
    const { sender, token } = await chat('a6', 'b6');
    const group = await sender.ok('createGroup', { name: 'Hikers', participants: ['b6', 'c6'] });
    const third = await registerDevice(server, 'c6');
    await server.api('b6').request('PUT', '/api/blocks/a6');
    await say(sender, group.conversation._id, 'hello all');
    const [seen] = await fcm.recorder.waitFor(third);
    expect(notificationOf(seen?.payload ?? {})).toMatchObject({ title: 'Hikers', body: 'hello all' });
    await lookedAt(server, await say(sender, group.conversation._id, 'still here'));
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('nobody about a restricted sender', async () => {
    const { sender, conversationId, token } = await chat('a7', 'b7');
    const moderator = await server.connectAs('m7', { token: server.token('m7', { roles: ['moderator'] }) });
    await moderator.ok('restrictUser', { userId: 'a7', restricted: true });
    const hidden = await say(sender, conversationId);
    await lookedAt(server, hidden);
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('nobody about a membership event, and nobody who has left', async () => {
    const { sender, token } = await chat('a8', 'b8');
    const { conversation } = await sender.ok('createGroup', { name: 'Climbers', participants: ['b8', 'c8'] });
    await sender.ok('removeMember', { conversationId: conversation._id, userId: 'b8' });
    const left = await registerDevice(server, 'c8');
    await say(sender, conversation._id, 'only for those who stay');
    await fcm.recorder.waitFor(left);
    expect(fcm.recorder.accepted(token)).toEqual([]);
    expect(fcm.recorder.accepted(left)).toHaveLength(1);
  });

  it('nobody about a message that was deleted, and the newest one that is left otherwise', async () => {
    const { sender, conversationId, token } = await chat('a9', 'b9');
    const { seq } = await say(sender, conversationId, 'oops');
    await sender.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
    await lookedAt(server, await say(sender, conversationId, 'better'));
    const bodies = fcm.recorder.accepted(token).map(({ payload }) => notificationOf(payload)?.['body']);
    expect(bodies.at(-1)).toBe('better');
    expect(fcm.recorder.accepted(token).at(-1)?.payload['data']).toMatchObject({ badge: '1' });
  });

  it('every member of a channel, behind', async () => {
    const sender = await server.connectAs('a10');
    const { conversation } = await sender.ok('createGroup', {
      type: 'channel',
      name: 'News',
      participants: ['b10', 'c10'],
    });
    const tokens = [await registerDevice(server, 'b10'), await registerDevice(server, 'c10')];
    await say(sender, conversation._id, 'news');
    for (const token of tokens) await fcm.recorder.waitFor(token);
    await until(async () => (await server.app.models.pushJobs.count()) === 0);
  });
});

describe.concurrent('a device', () => {
  it('of the next user gets nothing for the former one', async () => {
    const { sender, conversationId, token } = await chat('a11', 'b11');
    await registerDevice(server, 'x11', { token });
    await lookedAt(server, await say(sender, conversationId));
    expect(fcm.recorder.accepted(token)).toEqual([]);
    // The former user cannot end the notifications of the next one.
    await server.api('b11').post('/api/devices/unregister', { token, provider: 'fcm' });
    const forNext = await sender.open('x11');
    await say(sender, forNext);
    await fcm.recorder.waitFor(token);
  });

  it('gets nothing after it was unregistered', async () => {
    const { sender, conversationId, token } = await chat('a12', 'b12');
    await server.api('b12').post('/api/devices/unregister', { token, provider: 'fcm' });
    await lookedAt(server, await say(sender, conversationId));
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('gets nothing after the tokens of its user were revoked', async () => {
    const { sender, conversationId, token } = await chat('a13', 'b13');
    await server.app.services.users.revokeTokens('b13' as never);
    await lookedAt(server, await say(sender, conversationId));
    expect(fcm.recorder.accepted(token)).toEqual([]);
    expect(await server.app.models.devices.findByUsers(['b13' as never])).toEqual([]);
  });

  it('is one of 20: a further one replaces the oldest', async () => {
    const tokens: string[] = [];
    for (let index = 0; index < 22; index += 1) tokens.push(await registerDevice(server, 'b14'));
    const left = await server.app.models.devices.findByUsers(['b14' as never]);
    expect(left.map(({ token }) => token)).toEqual(tokens.slice(2));
  });

  it('of a provider that is not configured is refused with NOT_CONFIGURED', async () => {
    const device = { provider: 'apns', platform: 'ios', token: 'ab'.repeat(32) };
    const reply = await server.api('b15').post('/api/devices', device);
    expect(reply).toMatchObject({ status: 422, body: { code: 'NOT_CONFIGURED' } });
  });

  it('needs a token that its provider can have given out', async () => {
    const device = { provider: 'fcm', platform: 'android', token: 'not a token' };
    const reply = await server.api('b16').post('/api/devices', device);
    expect(reply).toMatchObject({ status: 400, body: { code: 'VALIDATION', details: [{ path: 'token' }] } });
  });
});

describe.concurrent('reading', () => {
  it('clears the notification on the devices, silently, with the badge that is left', async () => {
    const { sender, conversationId, token } = await chat('a17', 'b17');
    const { seq } = await say(sender, conversationId);
    await fcm.recorder.waitFor(token);
    const reader = await server.connectAs('b17');
    await reader.ok('message:read', { conversationId, seq });
    const [, cleared] = await fcm.recorder.waitFor(token, 2);
    expect(cleared?.payload).toMatchObject({
      data: { type: 'clear', conversationId, seq: String(seq), badge: '0' },
      apns: {
        headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
        payload: { aps: { 'content-available': 1, badge: 0 } },
      },
    });
    expect(notificationOf(cleared?.payload ?? {})).toBeUndefined();
  });
});

describe.concurrent('content', () => {
  it.each([
    ['full', { title: 'Anna', body: 'see you at 8' }],
    ['sender', { title: 'Anna', body: 'New message' }],
    ['none', { title: 'New message', body: undefined }],
  ] as const)('level %s', async (content, { title, body }) => {
    const writer = `anna-${content}`;
    const reader = `b19-${content}`;
    const sender = await server.connectAs(writer, { token: server.token(writer, { name: 'Anna' }) });
    const conversationId = await sender.open(reader);
    await server.api(reader).request('PATCH', '/api/users/me/notifications', { content });
    const token = await registerDevice(server, reader);
    await say(sender, conversationId, 'see you at 8');
    const [first] = await fcm.recorder.waitFor(token);
    expect(notificationOf(first?.payload ?? {})?.['title']).toBe(title);
    expect(notificationOf(first?.payload ?? {})?.['body']).toBe(body);
    if (content === 'none') expect(JSON.stringify(first?.payload)).not.toMatch(/Anna|see you/);
  });
});
