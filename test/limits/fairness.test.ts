import { expect, inject, test } from 'vitest';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';

test('a flood from one user leaves the sends of others answered', async () => {
  await using server = await startServer({
    env: { RATE_LIMITS: 'send=20/1s', MAX_COMMANDS_PER_SOCKET: '100' },
  });
  const floods = await Promise.all(Array.from({ length: 3 }, () => server.connectAs('mallory')));
  const bob = await server.connectAs('bob');
  const flooded = await bob.open('mallory');
  const conversationId = await bob.open('carol');
  let isFlooding = true;
  let refused = 0;
  const flooding = floods.map(async (mallory) => {
    // A thousand refusals in a row close a connection, which ends the flood as well.
    while (isFlooding && mallory.socket.connected) {
      const sends = Array.from({ length: 50 }, () => mallory.send(flooded, 'x'));
      for (const sent of await Promise.allSettled(sends)) {
        if (sent.status === 'fulfilled' && !sent.value.success && sent.value.code === 'RATE_LIMITED')
          refused += 1;
      }
    }
  });
  await until(() => refused > 200);
  for (let index = 0; index < 10; index += 1) {
    // Sequentially, within Bob's own limit.
    expect(await bob.send(conversationId, `answered ${index}`)).toMatchObject({ success: true });
  }
  isFlooding = false;
  await Promise.all(flooding);
  const { lastSeq } = await bob.ok('getMessages', { conversationId });
  expect(lastSeq).toBe(10);
});

test('while the database does not answer, one user cannot fill the queue for everyone', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: {
      COMMIT_MAX_WAITING: '60',
      COMMIT_MAX_WAITING_PER_USER: '40',
      SEND_TIMEOUT_MS: '60000',
    },
  });
  const mallory = await server.connectAs('mallory');
  const bob = await server.connectAs('bob');
  const [flooded, conversationId] = await Promise.all([mallory.open('dan'), bob.open('carol')]);
  proxy.freeze();
  const answers: string[] = [];
  const note = (answer: { success: boolean; code?: string }) =>
    answers.push(answer.success ? 'OK' : (answer.code ?? ''));
  const floods = Array.from({ length: 100 }, (_, index) => mallory.send(flooded, `${index}`).then(note));
  await until(() => answers.length >= 60, { what: 'the refusals' });
  expect(new Set(answers)).toEqual(new Set(['RATE_LIMITED']));
  expect(await server.metric('parley_commit_waiting')).toBe(40);
  const sent = Promise.all([1, 2, 3].map((index) => bob.send(conversationId, `${index}`)));
  await until(async () => (await server.metric('parley_commit_waiting')) === 43, { what: 'room for Bob' });
  proxy.pass();
  expect((await sent).map((answer) => answer.success)).toEqual([true, true, true]);
  await Promise.all(floods);
  expect(answers.filter((answer) => answer === 'OK')).toHaveLength(40);
  // The quota is available again.
  expect((await mallory.send(flooded, 'again')).success).toBe(true);
  expect(await server.metric('parley_commit_waiting')).toBe(0);
});

test('repeats of a waiting message count against the quota of their sender, too', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: { COMMIT_MAX_WAITING_PER_USER: '10', SEND_TIMEOUT_MS: '60000' },
  });
  const mallory = await server.connectAs('mallory');
  const conversationId = await mallory.open('dan');
  proxy.freeze();
  const id = crypto.randomUUID();
  const codes: string[] = [];
  const repeats = Array.from({ length: 30 }, () =>
    mallory.send(conversationId, 'same', id).then((answer) => {
      codes.push(answer.success ? 'OK' : answer.code);
    }),
  );
  await until(() => codes.length === 20, { what: 'the refusals' });
  expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']));
  proxy.pass();
  await Promise.all(repeats);
  expect(codes.filter((code) => code === 'OK')).toHaveLength(10);
  expect((await mallory.ok('getMessages', { conversationId })).lastSeq).toBe(1);
});

test('commands in progress are limited for the whole process, including those that have timed out', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: { MAX_COMMANDS_UNDER_WAY: '20' },
  });
  const alice = await server.connectAs('alice');
  await alice.open('bob');
  proxy.freeze();
  const codes: string[] = [];
  const asked = Array.from({ length: 50 }, () =>
    alice.call('getConversations', {}).then((answer) => {
      codes.push(answer.success ? 'OK' : answer.code);
      if (!answer.success) expect(answer.retryAfterMs).toBeGreaterThan(0);
    }),
  );
  await until(() => codes.length === 30, { what: 'the refusals' });
  expect(new Set(codes)).toEqual(new Set(['UNAVAILABLE']));
  proxy.pass();
  await Promise.all(asked);
  expect(codes.filter((code) => code === 'OK')).toHaveLength(20);
  await alice.ok('getConversations', {});
});
