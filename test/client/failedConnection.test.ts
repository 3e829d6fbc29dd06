import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createParleyClient,
  type ConnectionState,
  type ParleyClientOptions,
} from '../../packages/client/src/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { createClient } from './support/clients.js';

/** Mistakes of a first hour with the SDK: each shows its cause on the connection and in the log. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const nowS = (): number => Math.floor(Date.now() / 1_000);
const silent = (): void => undefined;

/** Connects a client that will not succeed. */
function attempt(options: Partial<ParleyClientOptions>) {
  const warnings: { message: string; fields: Record<string, unknown> | undefined }[] = [];
  const states: ConnectionState[] = [];
  const warn = (message: string, fields?: Record<string, unknown>) => warnings.push({ message, fields });
  const client = createClient(server, 'newcomer', {
    transports: undefined,
    logger: { debug: silent, warn, error: silent },
    ...options,
  });
  client.on('connectionStateChanged', (state) => states.push(state));
  void client.connect();
  const failed = () => {
    const state = client.connectionState.getSnapshot();
    return state.status === 'reconnecting' && state.reason !== undefined ? state : undefined;
  };
  const reconnecting = () => until(failed, { what: 'a reason', timeoutMs: 15_000 });
  return { client, warnings, states, reconnecting, [Symbol.asyncDispose]: () => client.dispose() };
}

const REFUSED_TOKENS: [string, { token: () => string; code: ConnectionState['code']; reason: RegExp }][] = [
  [
    'a token signed with another secret',
    {
      token: () => makeToken('newcomer', {}, { secret: 'w'.repeat(32) }),
      code: 'UNAUTHENTICATED',
      reason: /invalid signature/,
    },
  ],
  [
    'a token without exp',
    {
      token: () => makeToken('newcomer', { exp: undefined }),
      code: 'UNAUTHENTICATED',
      reason: /sub and exp/,
    },
  ],
  [
    'a token from the future',
    {
      token: () => makeToken('newcomer', { iat: nowS() + 3_000, exp: nowS() + 6_000 }),
      code: 'UNAUTHENTICATED',
      reason: /issued in the future/,
    },
  ],
  [
    'an expired token',
    {
      token: () => makeToken('newcomer', { iat: nowS() - 120, exp: nowS() - 60 }),
      code: 'TOKEN_EXPIRED',
      reason: /expired/,
    },
  ],
];

describe('a refused token', () => {
  test.each(REFUSED_TOKENS)(
    '%s shows and logs what the server says',
    async (_name, { token, code, reason }) => {
      const value = token();
      await using failed = attempt({ getToken: () => Promise.resolve(value) });
      const state = await failed.reconnecting();
      expect(state.code).toBe(code);
      expect(state.reason).toMatch(reason);
      expect(failed.warnings).toEqual([
        {
          message: 'the connection failed',
          fields: { code: state.code, reason: state.reason, url: server.url },
        },
      ]);
      expect(JSON.stringify(failed.warnings)).not.toContain(value);
    },
  );

  test("ends with the server's sentence, which is logged once", { timeout: 60_000 }, async () => {
    await using failed = attempt({
      getToken: () => Promise.resolve(makeToken('newcomer', {}, { secret: 'w'.repeat(32) })),
    });
    await until(() => failed.states.at(-1)?.status === 'ended', { timeoutMs: 50_000, everyMs: 100 });
    const reason = 'The token is not valid: invalid signature.';
    expect(failed.states.at(-1)).toEqual({ status: 'ended', code: 'UNAUTHENTICATED', reason });
    expect(failed.warnings.map(({ message }) => message)).toEqual([
      'the connection failed',
      'the connection has ended',
    ]);
  });

  test('that is renewed at once warns of nothing', async () => {
    const tokens = [makeToken('newcomer', { iat: nowS() - 120, exp: nowS() - 60 })];
    await using renewed = attempt({
      getToken: () => Promise.resolve(tokens.shift() ?? server.token('newcomer')),
    });
    await until(() => renewed.states.at(-1)?.status === 'online');
    expect(renewed.warnings).toEqual([]);
    expect(renewed.states.at(-1)).toEqual({ status: 'online' });
  });
});

describe('a server that is not there', () => {
  test.each([undefined, ['websocket'], ['polling']] as const)(
    'shows and logs the refused connection, with transports %s',
    async (transports) => {
      await using failed = attempt({ url: 'http://user:secret@127.0.0.1:1', transports });
      const { code, reason } = await failed.reconnecting();
      expect([code, reason]).toEqual([
        'OFFLINE',
        'No Parley server has answered: connect ECONNREFUSED 127.0.0.1:1.',
      ]);
      await until(() => failed.states.length > 1 || failed.warnings.length > 0);
      expect(failed.warnings).toEqual([
        { message: 'the connection failed', fields: { code, reason, url: 'http://127.0.0.1:1' } },
      ]);
    },
  );

  test('but another one shows its HTTP status', async () => {
    const other = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await using failed = attempt({ url: `http://127.0.0.1:${port}` });
    expect((await failed.reconnecting()).reason).toBe('No Parley server has answered: HTTP status 404.');
    other.close();
  });

  test('at the path of the url is named as such', async () => {
    await using failed = attempt({ url: `${server.url}/api` });
    expect(await failed.reconnecting()).toMatchObject({
      code: 'OFFLINE',
      reason: 'No Parley server has answered: the URL has a path.',
    });
    expect(failed.warnings).toHaveLength(1);
  });
});

test('a getToken that fails shows its error', async () => {
  for (const userId of [undefined, 'newcomer']) {
    await using failed = attempt({
      userId,
      getToken: () => Promise.reject(new Error('The backend is away.')),
    });
    expect(await failed.reconnecting()).toEqual({
      status: 'reconnecting',
      reason: 'getToken failed: The backend is away.',
    });
  }
});

test.each(['localhost:3931', '', '/', 'ws://localhost:3931', 'chat.example.com', 'https://', undefined])(
  'the url %j is refused at once',
  (url) => {
    const options = { url, getToken: () => Promise.resolve('') };
    // An app without types passes anything.
    expect(() => void Reflect.apply(createParleyClient, undefined, [options])).toThrow(
      /url is .*, but must be an http or https address/,
    );
  },
);
