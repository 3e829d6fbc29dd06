import { describe, expect, test } from 'vitest';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { dataOf } from '../support/api.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { StreamClient } from './support/streamClient.js';

const server = sharedServer({ env: { MAX_SOCKETS_PER_USER: '3' } });
const streamOf = (userId: string, overrides: Record<string, unknown> = {}): StreamClient =>
  new StreamClient(`${server().url}/api/events`, server().token(userId, overrides));
const ticketFor = async (userId: string): Promise<string> =>
  dataOf(await server().api(userId).post<{ ticket: string }>('/api/events/ticket')).ticket;

describe('an event stream is refused', () => {
  test.each([
    ['without a token', {}, '', 401, 'UNAUTHENTICATED'],
    ['with a token in the address', {}, '?token=x', 400, 'VALIDATION'],
    ['with a made-up ticket', {}, `?ticket=${'x'.repeat(43)}`, 401, 'UNAUTHENTICATED'],
    ['with something else as ticket', {}, '?ticket=1', 400, 'VALIDATION'],
  ])('%s', async (...[, headers, query, status, code]) => {
    const response = await fetch(`${server().url}/api/events${query}`, { headers });
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  test.each([
    'x',
    '1',
    '1~',
    '2~abc~1',
    '1~abc~z~nothing',
    '1~abc~z~0.1.1',
    '1~x~~',
    `1~${'x'.repeat(20)}~1`,
  ])('at the position %j', async (lastEventId) => {
    const [alice] = people('alice');
    const opened = streamOf(alice).open({ lastEventId });
    // A position with a cursor that is none is found out when it is used: the stream ends at once.
    await opened.then(
      async (stream) => stream.ended,
      (error: unknown) => {
        expect(error).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
      },
    );
  });

  test('with an expired token', async () => {
    const [alice] = people('alice');
    const exp = Math.floor(Date.now() / 1_000) - 60;
    await expect(streamOf(alice, { exp }).open()).rejects.toMatchObject({
      status: 401,
      body: { code: 'TOKEN_EXPIRED' },
    });
  });
});

describe('an event stream ends', () => {
  test('with its token, and says so', async () => {
    const [alice] = people('alice');
    const exp = Math.floor(Date.now() / 1_000) + 2;
    await using stream = await streamOf(alice, { exp }).open();
    expect(await stream.next('auth:expired')).toMatchObject({ code: 'TOKEN_EXPIRED' });
    await stream.ended;
  });

  test('when the tokens of the user are revoked, and nothing is delivered afterwards', async () => {
    const [alice, bob] = people('alice', 'bob');
    const two = await server().connectAs(bob);
    const conversationId = await two.open(alice);
    await using stream = await streamOf(alice).open();
    await until(() => stream.lastEventId);
    await server().api(alice).post('/api/users/me/revoke-tokens');
    await stream.ended;
    await two.send(conversationId, 'later');
    expect(stream.of('message:new')).toEqual([]);
    expect(stream.of('auth:expired')).toMatchObject([{ code: 'UNAUTHENTICATED', reconnect: false }]);
  });

  test('when the user has opened too many connections: the oldest goes', async () => {
    const [alice] = people('alice');
    await using oldest = await streamOf(alice).open();
    await until(() => oldest.lastEventId);
    await using sockets = new AsyncDisposableStack();
    for (let count = 0; count < 3; count += 1) sockets.use(await server().connectAs(alice));
    expect(await oldest.next('connection:ended')).toMatchObject({ code: 'TOO_MANY_SOCKETS' });
    await oldest.ended;
  });

  test('when the server stops, with the time to return', async () => {
    const [alice] = people('alice');
    const own = await startServer();
    await using stream = new StreamClient(`${own.url}/api/events`, own.token(alice));
    await stream.open();
    await until(() => stream.lastEventId);
    await own[Symbol.asyncDispose]();
    await stream.ended;
    const [{ afterMs } = {}] = stream.of('server:draining');
    expect(stream.retryMs).toBe(afterMs);
  });
});

describe('a ticket', () => {
  test('opens one stream of its user, once', async () => {
    const [alice, bob] = people('alice', 'bob');
    const two = await server().connectAs(bob);
    const conversationId = await two.open(alice);
    const url = `${server().url}/api/events?ticket=${await ticketFor(alice)}`;
    await using stream = await new StreamClient(url).open();
    await two.send(conversationId, 'hello');
    expect(await stream.next('message:new')).toMatchObject({ content: 'hello' });
    await expect(new StreamClient(url).open()).rejects.toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
  });

  test('is as good as its token: worth nothing after a revocation', async () => {
    const [alice] = people('alice');
    const ticket = await ticketFor(alice);
    await server().api(alice).post('/api/users/me/revoke-tokens');
    await expect(
      new StreamClient(`${server().url}/api/events?ticket=${ticket}`).open(),
    ).rejects.toMatchObject({
      status: 401,
    });
  });

  test('is not stored in a form that could be used', async () => {
    const [alice] = people('alice');
    const ticket = await ticketFor(alice);
    const { models } = server().app;
    const stored = await models.tickets.model.collection.findOne({ userId: alice });
    expect(JSON.stringify(stored)).not.toContain(ticket);
  });
});

test('open streams are counted', async () => {
  const [alice] = people('alice');
  const before = await server().metric('parley_open_streams');
  await using stream = await streamOf(alice).open();
  await until(() => stream.lastEventId);
  expect(await server().metric('parley_open_streams')).toBe(before + 1);
  stream.close();
  await until(async () => (await server().metric('parley_open_streams')) === before);
});
