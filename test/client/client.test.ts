import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { connectedClient } from './support/clients.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a client', () => {
  it('opens a conversation, sends, receives, and shows receipts and unread counts', async () => {
    await using alice = await connectedClient(server, 'first-alice');
    await using bob = await connectedClient(server, 'first-bob');
    const { conversation } = await alice.conversations.getOrCreateDirect('first-bob');
    const chat = alice.conversation(conversation.id);
    await chat.open();
    const sent = chat.sendMessage({ text: 'Hello' });
    expect(sent.status).toBe('pending');
    expect(chat.messages.getSnapshot().pending).toMatchObject([{ content: 'Hello' }]);
    const stored = await sent.stored;
    expect(stored).toMatchObject({ seq: 1, content: 'Hello' });
    expect(chat.messages.getSnapshot()).toMatchObject({ pending: [], messages: [{ seq: 1 }] });

    await until(() => bob.unreadCount.getSnapshot() === 1, { what: 'the badge' });
    const list = bob.conversations.list().getSnapshot();
    expect(list).toMatchObject({
      isLoaded: true,
      conversations: [{ unreadCount: 1, lastMessage: { content: 'Hello' } }],
    });
    const theirs = bob.conversation(conversation.id);
    await theirs.open();
    expect(theirs.messages.getSnapshot().firstUnreadSeq).toBe(1);
    theirs.markRead(1);
    await until(() => chat.messages.getSnapshot().messages[0]?.status === 'read', { what: 'the receipt' });
    expect(bob.unreadCount.getSnapshot()).toBe(0);
  });
});
