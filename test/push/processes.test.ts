import { describe, expect, it } from 'vitest';
import { newDatabaseName, startServer } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { FcmServer } from './support/fcmServer.js';
import { keyFolder, lookedAt, registerDevice, say } from './support/scene.js';

const bodies = (fcm: FcmServer, token: string): unknown[] =>
  fcm.recorder
    .accepted(token)
    .map(
      ({ payload }) =>
        (payload as { android: { notification?: { body?: string } } }).android.notification?.body,
    );

describe.concurrent('several processes', () => {
  it('push each message once', async () => {
    await using folder = await keyFolder();
    await using fcm = await FcmServer.start();
    const options = { databaseName: newDatabaseName(), env: await fcm.env(folder.dir) };
    await using first = await startServer(options);
    await using second = await startServer(options);
    const senders = [await first.connectAs('a'), await second.connectAs('b')];
    const readers = Array.from({ length: 20 }, (_, index) => `reader${index}`);
    const tokens = await Promise.all(readers.map((reader) => registerDevice(first, reader)));
    const sent = await Promise.all(
      readers.map(async (reader, index) => {
        const sender = senders[index % 2] ?? senders[0];
        if (sender === undefined) throw new Error('nobody writes');
        return say(sender, await sender.open(reader));
      }),
    );
    for (const one of sent) await lookedAt(first, one);
    expect(tokens.map((token) => fcm.recorder.accepted(token).length)).toEqual(readers.map(() => 1));
  });

  it('lose nothing when one is killed between storing a message and pushing it', async () => {
    await using folder = await keyFolder();
    await using fcm = await FcmServer.start();
    const options = { databaseName: newDatabaseName(), env: await fcm.env(folder.dir) };
    await using killed = await ServerProcess.start(options);
    await using sender = await killed.connectAs('a');
    const conversationId = await sender.open('b');
    const token = await registerDevice(killed, 'b');
    // The process holds the lease when it has pushed something.
    await say(sender, conversationId, 'one');
    await fcm.recorder.waitFor(token);
    await using survivor = await startServer(options);
    const last = await say(sender, conversationId, 'two');
    await killed.kill();
    await lookedAt(survivor, last);
    expect(bodies(fcm, token)).toEqual(['one', 'two']);
  });

  it('push nothing twice when the position goes back, as ids of a paused process may come late', async () => {
    await using folder = await keyFolder();
    await using fcm = await FcmServer.start();
    await using server = await startServer({ env: await fcm.env(folder.dir) });
    const { pushCursor } = server.app.models;
    const sender = await server.connectAs('a');
    const conversationId = await sender.open('b');
    const token = await registerDevice(server, 'b');
    const first = await say(sender, conversationId, 'one');
    await fcm.recorder.waitFor(token);
    await lookedAt(server, first);
    await until(async () => {
      await pushCursor.model.updateOne({ _id: 'push' }, { position: first._id });
      return (await pushCursor.model.findById('push').lean())?.position === first._id;
    });
    await lookedAt(server, first);
    await lookedAt(server, await say(sender, conversationId, 'two'));
    expect(bodies(fcm, token)).toEqual(['one', 'two']);
  });

  it('push nothing from before push notifications were switched on', async () => {
    await using folder = await keyFolder();
    await using fcm = await FcmServer.start();
    const databaseName = newDatabaseName();
    const env = await fcm.env(folder.dir);
    let token: string;
    {
      await using before = await startServer({ databaseName, env: { ...env, PUSH_SENDING: 'false' } });
      const sender = await before.connectAs('a');
      token = await registerDevice(before, 'b');
      const { _id } = await say(sender, await sender.open('b'), 'long ago');
      // Ids tell the second in which they were made.
      await until(() => Math.floor(Date.now() / 1_000) > Number.parseInt(_id.slice(0, 8), 16));
    }
    await using server = await startServer({ databaseName, env });
    const sender = await server.connectAs('a');
    await lookedAt(server, await say(sender, await sender.open('b'), 'now'));
    expect(bodies(fcm, token)).toEqual(['now']);
  });
});
