import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { FCM, FcmServer } from './support/fcmServer.js';
import { keyFolder, lookedAt, registerDevice, say } from './support/scene.js';

let server: TestServer;
let fcm: FcmServer;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  const folder = await keyFolder();
  fcm = await FcmServer.start();
  const env = { ...(await fcm.env(folder.dir)), PUSH_TIMEOUT_MS: '500' };
  server = await startServer({ env });
  opened.push(folder, fcm, server);
});
afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

async function chat(writer: string, reader: string) {
  const sender = await server.connectAs(writer);
  const conversationId = await sender.open(reader);
  return { sender, conversationId, token: await registerDevice(server, reader) };
}

const jobOf = (conversationId: string) => server.app.models.pushJobs.model.findOne({ conversationId }).lean();

describe.concurrent('a notification', () => {
  it.each([
    ['500', FCM.internal],
    ['429 with Retry-After', FCM.quota(1)],
    ['no answer in time', { status: 599, delayMs: Infinity }],
  ])('is repeated after %s, on that device alone', async (name, answer) => {
    const reader = `b-${name.slice(0, 3)}`.trim();
    const writer = `a-${reader}`;
    const { sender, conversationId, token } = await chat(writer, reader);
    const other = await registerDevice(server, reader);
    fcm.recorder.answer(token, answer);
    const sent = await say(sender, conversationId);
    await fcm.recorder.waitFor(token);
    await lookedAt(server, sent);
    await until(async () => (await jobOf(conversationId)) === null);
    expect(fcm.recorder.accepted(token)).toHaveLength(1);
    expect(fcm.recorder.accepted(other)).toHaveLength(1);
  });

  it('is not repeated after the user has read the message', async () => {
    const { sender, conversationId, token } = await chat('a2', 'b2');
    fcm.recorder.answer(token, FCM.quota(4));
    const { seq } = await say(sender, conversationId);
    await until(() => jobOf(conversationId));
    await server.api('b2').post(`/api/conversations/${conversationId}/read`, { seq });
    await until(async () => (await jobOf(conversationId)) === null);
    const shown = fcm.recorder.accepted(token).filter(({ payload }) => {
      return (payload['data'] as { type: string }).type === 'message';
    });
    expect(shown).toEqual([]);
  });

  it('is not repeated to a device that belongs to another user by now', async () => {
    const { sender, conversationId, token } = await chat('a3', 'b3');
    fcm.recorder.answer(token, FCM.quota(3));
    await say(sender, conversationId);
    await until(() => jobOf(conversationId));
    await registerDevice(server, 'x3', { token });
    await until(async () => (await jobOf(conversationId)) === null);
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('is dropped when it is too old', async () => {
    const { sender, conversationId, token } = await chat('a4', 'b4');
    fcm.recorder.answer(token, FCM.quota(600));
    await say(sender, conversationId);
    await until(() => jobOf(conversationId));
    const past = new Date(Date.now() - 60_000);
    await server.app.models.pushJobs.model.updateOne({ conversationId }, { dueAt: past, expiresAt: past });
    await until(async () => (await jobOf(conversationId)) === null);
    expect(await server.metric('parley_push_expired_total')).toBeGreaterThanOrEqual(1);
    expect(fcm.recorder.accepted(token)).toEqual([]);
  });

  it('to an unregistered token removes the device', async () => {
    const { sender, conversationId, token } = await chat('a5', 'b5');
    fcm.recorder.answer(token, FCM.unregistered);
    await lookedAt(server, await say(sender, conversationId));
    expect(await server.app.models.devices.findByUsers(['b5' as never])).toEqual([]);
    await lookedAt(server, await say(sender, conversationId, 'again'));
    expect(fcm.recorder.received.filter((one) => one.token === token)).toHaveLength(1);
  });
});

it('refused credentials are counted, and logged once', async () => {
  await using folder = await keyFolder();
  await using own = await FcmServer.start();
  const logged: string[] = [];
  const env = { ...(await own.env(folder.dir)), LOG_LEVEL: 'warn' };
  await using refused = await startServer({ env, onLogLine: (line) => logged.push(line) });
  own.acceptsAccount = false;
  const sender = await refused.connectAs('a');
  const readers = ['b', 'c', 'd'];
  const ids = await Promise.all(readers.map((reader) => sender.open(reader)));
  for (const reader of readers) await registerDevice(refused, reader);
  const sent = await Promise.all(ids.map((id) => say(sender, id)));
  for (const one of sent) await lookedAt(refused, one);
  expect(await refused.metric('parley_push_credentials_refused_total')).toBe(3);
  const lines = logged.filter((line) => line.includes('a push provider refuses the credentials'));
  expect(lines).toHaveLength(1);
  expect(lines.join('')).not.toMatch(/PRIVATE KEY|access-/);
});
