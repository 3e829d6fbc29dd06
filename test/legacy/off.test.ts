import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { OldTestClient } from './support/oldClient.js';

test('without LEGACY_EVENTS old names are unknown, and a token in the query is not accepted', async () => {
  await using server = await startServer();
  await expect(OldTestClient.as(server, 'ann')).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
  const auth = { token: server.token('ann') };
  await using old = await OldTestClient.connect(server.url, '', { auth });
  expect(await old.ask('send_message', { conversationId: 'direct_ann_ben', text: 'x' })).toMatchObject({
    ...{ success: false, code: 'NOT_FOUND' },
  });
  old.emit('join_room', 'direct_ann_ben');
  expect(await old.next('event:error')).toMatchObject({ success: false, code: 'NOT_FOUND' });
  expect(await server.metric('parley_legacy_connections')).toBe(0);
});
