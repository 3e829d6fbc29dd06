import { describe, expect, test } from 'vitest';
import { startServer } from '../support/server.js';

describe('an answer with private data', () => {
  test('is cached by no browser and no proxy, whether it succeeded or not', async () => {
    await using server = await startServer({ demo: true });
    const headers = { authorization: `bearer ${server.token('alice')}` };
    const paths = [
      '/api/conversations',
      '/api/users/me',
      '/api/users/me/messages',
      '/api/demo',
      '/api/nothing',
    ];
    for (const path of [...paths, '/metrics', '/health/ready']) {
      const { headers: answered } = await fetch(server.url + path, { headers });
      expect(answered.get('cache-control'), path).toBe('no-store');
      expect(answered.get('etag'), path).toBeNull();
    }
    const refused = await fetch(`${server.url}/api/conversations`);
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([401, 'no-store']);
    const unread = await fetch(`${server.url}/api/conversations`, { method: 'POST', headers, body: '{' });
    expect(unread.headers.get('cache-control')).toBe('no-store');
    const poll = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    expect(poll.headers.get('cache-control')).toBe('no-store');
    // The page itself is the same for all users.
    expect((await fetch(server.url)).headers.get('cache-control')).not.toBe('no-store');
  });

  test('is given for a token whose scheme is written in any case', async () => {
    await using server = await startServer();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const headers = { authorization: `${scheme} ${server.token('alice')}` };
      expect((await fetch(`${server.url}/api/users/me`, { headers })).status).toBe(200);
    }
  });
});
