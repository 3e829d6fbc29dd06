import { describe, expect, test } from 'vitest';
import type { UserView } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Api, dataOf } from '../support/api.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';

const server = sharedServer();
interface Profile {
  user: UserView;
}

describe('a profile', () => {
  test('begins with the claims of the token, and can be changed', async () => {
    const [alice] = people('alice');
    const token = server().token(alice, { name: 'Alice', picture: 'https://x.example/a.png' });
    const api = new Api(server().url, token);
    expect(dataOf(await api.get<Profile>('/api/users/me')).user).toEqual({
      _id: alice,
      name: 'Alice',
      avatar: 'https://x.example/a.png',
    });
    const changed = dataOf(await api.request<Profile>('PATCH', '/api/users/me', { name: '  Al  ' }));
    expect(changed.user).toEqual({ _id: alice, name: 'Al', avatar: 'https://x.example/a.png' });
    // The claims of the token apply only to new users.
    expect(dataOf(await api.get<Profile>('/api/users/me')).user.name).toBe('Al');
  });

  test('that has changed is in the next message, and within a second on another server', async () => {
    const [alice, bob] = people('alice', 'bob');
    await using second = await startServer({ databaseName: server().databaseName });
    const [sender, reader] = [await server().connectAs(alice), await server().connectAs(bob)];
    const conversationId = await sender.open(bob);
    await server().api(alice).request('PATCH', '/api/users/me', { name: 'New name' });
    await sender.send(conversationId, 'hello');
    expect((await reader.next('message:new')).sender).toEqual({ _id: alice, name: 'New name' });
    const elsewhere = await second.connectAs(bob);
    await until(
      async () =>
        (await elsewhere.ok('getConversations', {})).conversations[0]?.lastMessage?.sender.name ===
        'New name',
    );
  });

  test.each([
    ['nothing', {}],
    ['an empty name', { name: ' ' }],
    ['a name of 101 characters', { name: 'x'.repeat(101) }],
    ['a name with NUL', { name: 'a\u0000b' }],
    ['a name with half a character', { name: 'a\ud800' }],
    ['a picture that is a script', { avatar: 'javascript:alert(1)' }],
    ['a picture of data', { avatar: 'data:image/png;base64,AAAA' }],
    ['a picture of a file', { avatar: 'file:///etc/passwd' }],
    ['an endless picture', { avatar: `https://x.example/${'x'.repeat(2_048)}` }],
    ['another’s id', { _id: 'bob', name: 'Bob' }],
    ['a time of token validity', { tokensValidFrom: 0, name: 'Bob' }],
  ])('with %s is refused, and stays as it was', async (_what, body) => {
    const [alice] = people('alice');
    const api = server().api(alice);
    const before = dataOf(await api.get<Profile>('/api/users/me'));
    const reply = await api.request('PATCH', '/api/users/me', body);
    expect([reply.status, reply.body]).toEqual([400, expect.objectContaining({ code: 'VALIDATION' })]);
    expect(dataOf(await api.get<Profile>('/api/users/me'))).toEqual(before);
  });

  test('of 50 new users at once, each twice, is created once each', async () => {
    const names = Array.from({ length: 50 }, () => people('newcomer')[0]);
    const replies = await Promise.all(
      [...names, ...names].map((name) =>
        new Api(server().url, server().token(name, { name: 'N' })).get<Profile>('/api/users/me'),
      ),
    );
    expect(replies.every((reply) => dataOf(reply).user.name === 'N')).toBe(true);
    const stored = await server().app.models.users.findByIds(names);
    expect(stored).toHaveLength(50);
  });
});

describe('demo users', () => {
  test('exist with working tokens where they are switched on', async () => {
    await using demo = await startServer({ demo: true });
    const reply = await fetch(`${demo.url}/api/demo`);
    const { data } = (await reply.json()) as {
      data: { users: { _id: string; name: string; token: string }[] };
    };
    const ids = data.users.map(({ _id }) => _id);
    expect(ids).toEqual(['alice', 'bob', 'carol', 'dan', 'eva', 'farid', 'mara']);
    for (const { _id, name, token } of data.users) {
      const me = dataOf(await new Api(demo.url, token).get<Profile>('/api/users/me'));
      expect(me.user).toEqual({ _id, name });
      // The last one is a moderator.
      const reports = await new Api(demo.url, token).get('/api/reports');
      expect(reports.status).toBe(_id === 'mara' ? 200 : 403);
    }
  });

  test('do not exist by default', async () => {
    expect((await fetch(`${server().url}/api/demo`)).status).toBe(404);
  });
});
