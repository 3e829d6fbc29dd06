import { describe, expect, test } from 'vitest';
import { RawConnection } from '../contract/support/rawConnection.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestServer } from '../support/server.js';

const LISTED = 'https://app.example.com';
const FOREIGN = [
  'https://evil.example.com',
  'https://app.example.com.evil.example',
  'http://app.example.com',
  'null',
  'garbage',
  'https://app.example.com:444',
];

const polling = async (server: TestServer, origin: string): Promise<Response> =>
  fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });

/** Opens a WebSocket like a page. @returns whether it was accepted. */
async function webSocket(server: TestServer, origin: string): Promise<boolean> {
  try {
    await using connection = await RawConnection.open(server.url, { origin });
    return !connection.isClosed;
  } catch {
    return false;
  }
}

describe('by default', () => {
  const server = sharedServer();

  test.each([LISTED, ...FOREIGN])(
    'a page of %s is refused over polling and over WebSocket',
    async (origin) => {
      const reply = await polling(server(), origin);
      expect(reply.status).toBe(403);
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
      expect(await webSocket(server(), origin)).toBe(false);
    },
  );

  test('the server’s own page, and an app that is not a page, may connect', async () => {
    expect(await webSocket(server(), server().url)).toBe(true);
    expect((await polling(server(), server().url)).status).toBe(200);
    const [alice] = people('alice');
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']] as const) {
      const client = await server().connectAs(alice, { transports: [...transports] });
      expect(await client.ok('getConversations', {})).toBeDefined();
    }
  });

  test('no page of another origin may read HTTP answers', async () => {
    const [alice] = people('alice');
    const headers = { origin: LISTED, authorization: `Bearer ${server().token(alice)}` };
    const reply = await fetch(`${server().url}/api/users/me`, { headers });
    expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${server().url}/api/users/me`, {
      method: 'OPTIONS',
      headers: { origin: LISTED, 'access-control-request-method': 'GET' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('with one origin listed', () => {
  const server = sharedServer({ env: { CORS_ORIGINS: LISTED } });

  test('its page may connect and read', async () => {
    const reply = await polling(server(), LISTED);
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([200, LISTED]);
    expect(await webSocket(server(), LISTED)).toBe(true);
    const [alice] = people('alice');
    const headers = { origin: LISTED, authorization: `Bearer ${server().token(alice)}` };
    const api = await fetch(`${server().url}/api/users/me`, { headers });
    expect([api.status, api.headers.get('access-control-allow-origin')]).toEqual([200, LISTED]);
    const preflight = await fetch(`${server().url}/api/users/me`, {
      method: 'OPTIONS',
      headers: {
        origin: LISTED,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(LISTED);
  });

  test.each(FOREIGN)('a page of %s may not', async (origin) => {
    expect((await polling(server(), origin)).status).toBe(403);
    expect(await webSocket(server(), origin)).toBe(false);
  });
});

describe('with *', () => {
  const server = sharedServer({ env: { CORS_ORIGINS: '*' } });
  test('any page may connect', async () => {
    const reply = await polling(server(), 'https://anywhere.example');
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(await webSocket(server(), 'https://anywhere.example')).toBe(true);
  });
});
