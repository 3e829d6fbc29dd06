import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';

const LOCAL = 'https://127.0.0.1/a.png';
const PUBLIC = 'https://cdn.example.com/a.png';

test('a public server refuses addresses of private networks and plain HTTP, over every entry point', async () => {
  await using server = await startServer({ env: { PRIVATE_URLS: 'false' } });
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  const { conversation: group } = await alice.ok('createGroup', {
    name: 'us',
    participants: [],
    avatar: PUBLIC,
  });
  const picture = { kind: 'image', url: PUBLIC } as const;
  const card = { kind: 'product', title: 'A lamp' } as const;
  const message = { conversationId, clientMessageId: 'm' };
  const attempts = [
    ['sendMessage', { ...message, attachments: [picture, { ...picture, url: LOCAL }] }, 'attachments.1.url'],
    [
      'sendMessage',
      { ...message, attachments: [{ ...picture, thumbnailUrl: LOCAL }] },
      'attachments.0.thumbnailUrl',
    ],
    ['sendMessage', { ...message, card: { ...card, pictureUrl: LOCAL } }, 'card.pictureUrl'],
    ['createGroup', { name: 'us', participants: [], avatar: LOCAL }, 'avatar'],
    ['updateConversation', { conversationId: group._id, avatar: 'http://cdn.example.com/a.png' }, 'avatar'],
  ] as const;
  for (const [name, payload, path] of attempts) {
    const details = [{ path, rule: 'must be an https URL of a public host' }];
    expect(await alice.call(name, payload)).toMatchObject({ code: 'VALIDATION', details });
  }
  const api = server.api('alice');
  const { conversationId: _, ...body } = { ...message, attachments: [{ ...picture, url: LOCAL }] };
  const refused = [
    await api.post(`/api/conversations/${conversationId}/messages`, body),
    await api.post('/api/conversations', { name: 'us', participants: [], avatar: LOCAL }),
    await api.request('PATCH', `/api/conversations/${group._id}`, { avatar: LOCAL }),
    await api.request('PATCH', '/api/users/me', { avatar: LOCAL }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  const eve = await server.connectAs('eve', { token: server.token('eve', { name: 'Eve', picture: LOCAL }) });
  expect(await server.api('eve').get('/api/users/me')).toMatchObject({
    body: { data: { user: { _id: 'eve', name: 'Eve' } } },
  });
  expect((await eve.ok('getConversations', {})).conversations).toEqual([]);
  expect(await alice.ok('getMessages', { conversationId })).toMatchObject({ messages: [] });
  await alice.ok('updateConversation', { conversationId: group._id, avatar: null });
  await alice.ok('sendMessage', { ...message, attachments: [picture] });
});

test('outside production addresses of this machine are accepted', async () => {
  await using server = await startServer();
  const api = server.api('alice');
  const local = 'http://localhost:9000/a.png';
  expect(await api.request('PATCH', '/api/users/me', { avatar: local })).toMatchObject({ status: 200 });
});
