import { afterAll, beforeAll, describe, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import * as clients from './support/clients.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const connectedClient = (userId: string) => clients.connectedClient(server, userId);

describe('a large group or channel', () => {
  it('is delivered live while it is open, several at a time', async () => {
    await using alice = await connectedClient('large-alice');
    const owner = await server.connectAs('large-owner');
    const channel = async (name: string) => {
      const { conversation } = await owner.ok('createGroup', {
        name,
        type: 'channel',
        participants: ['large-alice'],
      });
      return conversation._id;
    };
    const ids = [await channel('one'), await channel('two')];
    const chats = ids.map((id) => alice.conversation(id));
    await Promise.all(chats.map((chat) => chat.open()));
    for (const id of ids) await owner.send(id, 'news');
    const last = (chat: (typeof chats)[number]) => chat.messages.getSnapshot().messages.at(-1)?.content;
    for (const chat of chats) await until(() => last(chat) === 'news');
    chats[0]?.close();
    await owner.send(ids[0] ?? '', 'later');
    const shown = chats[0]?.conversation;
    await until(() => shown?.getSnapshot()?.lastMessage?.content === 'later', { what: 'the preview' });
    await chats[0]?.open();
    await until(() => chats[0] && last(chats[0]) === 'later');
  });

  it('that is not open shows an edit or a deletion of its last message in the list', async () => {
    await using alice = await connectedClient('preview-alice');
    const owner = await server.connectAs('preview-owner');
    const input = { name: 'News', type: 'channel', participants: ['preview-alice'] };
    const { conversation } = await owner.ok('createGroup', input);
    const conversationId = conversation._id;
    const { conversation: shown } = alice.conversation(conversationId);
    const previews = (content: string, unreadCount: number) =>
      until(
        () => {
          const now = shown.getSnapshot();
          return now?.lastMessage?.content === content && now.unreadCount === unreadCount;
        },
        // Before the periodic synchronisation would show it.
        { what: `the preview "${content}"`, timeoutMs: 25_000 },
      );
    await owner.send(conversationId, 'secret');
    await previews('secret', 1);
    await owner.ok('editMessage', { conversationId, seq: 2, content: 'public' });
    await previews('public', 1);
    await owner.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
    await previews('', 0);
  });

  it('that is open, or was opened just now, counts its members, also after somebody has left', async () => {
    await using alice = await connectedClient('count-alice');
    const owner = await server.connectAs('count-owner');
    const leavers = await Promise.all(['count-1', 'count-2'].map((userId) => server.connectAs(userId)));
    const participants = ['count-alice', ...leavers.map(({ userId }) => userId)];
    const { conversation } = await owner.ok('createGroup', { name: 'News', type: 'channel', participants });
    const chat = alice.conversation(conversation._id);
    const hasMembers = (count: number) =>
      until(() => chat.conversation.getSnapshot()?.memberCount === count, { what: `${count} members` });
    await hasMembers(4);
    const [first, second] = leavers;
    await Promise.all([first?.ok('leaveConversation', { conversationId: conversation._id }), chat.open()]);
    await hasMembers(3);
    await second?.ok('leaveConversation', { conversationId: conversation._id });
    await hasMembers(2);
  });
});
