import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceInput } from '../../../contract/index.js';
import { idAfter } from '../../../backend/src/models/objectIds.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

/** A folder for the key files of a test. Use with `await using`. */
export async function keyFolder(): Promise<AsyncDisposable & { dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-push-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** Registers a device of a user over HTTP. @returns its token */
export async function registerDevice(
  server: Pick<TestServer, 'api'>,
  userId: string,
  device: Partial<DeviceInput> = {},
): Promise<string> {
  const token = device.token ?? `device-${userId}-${crypto.randomUUID()}`;
  const input = { provider: 'fcm', platform: 'android', ...device, token };
  const reply = await server.api(userId).post('/api/devices', input);
  if (reply.status !== 201) throw new Error(`the device was refused: ${JSON.stringify(reply.body)}`);
  return token;
}

/** Sends a message, and fails unless it was stored. @returns its id and `seq` */
export async function say(
  sender: TestClient,
  conversationId: string,
  content = 'hello',
): Promise<{ _id: string; seq: number }> {
  return sender.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID() });
}

/** Resolves when the server has looked at a message: it was pushed, or it never will be. */
export async function lookedAt(server: TestServer, { _id }: { _id: string }): Promise<void> {
  await until(
    async () => {
      const cursor = await server.app.models.pushCursor.model.findById('push').lean();
      return cursor !== null && cursor.position >= idAfter(_id);
    },
    { what: `a look at message ${_id}` },
  );
}

/** Resolves when no user of these has a connection on any process. */
export async function gone(server: TestServer, ...userIds: string[]): Promise<void> {
  await until(async () => (await server.app.services.presence.findOnline(userIds as never)).size === 0, {
    what: `${userIds.join(', ')} being offline`,
  });
}
