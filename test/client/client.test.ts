import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageView } from '../../packages/client/src/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { connectedClient, createClient, online, textsOf } from './support/clients.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a client', () => {
  it('opens a conversation, sends, receives, and shows receipts and unread counts', async () => {
    await using alice = await connectedClient(server, 'first-alice');
    await using bob = await connectedClient(server, 'first-bob');
    const { conversation, created } = await alice.conversations.getOrCreateDirect('first-bob');
    expect(created).toBe(true);
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
      hasMore: false,
      conversations: [{ unreadCount: 1, lastMessage: { content: 'Hello' } }],
    });
    const theirs = bob.conversation(conversation.id);
    await theirs.open();
    expect(theirs.messages.getSnapshot().firstUnreadSeq).toBe(1);
    theirs.markRead(1);
    await until(() => chat.messages.getSnapshot().messages[0]?.status === 'read', { what: 'the receipt' });
    expect(bob.unreadCount.getSnapshot()).toBe(0);
    expect([...alice.violations, ...bob.violations]).toEqual([]);
  });

  it('applies edits, reactions, pins and deletions on all devices', async () => {
    await using alice = await connectedClient(server, 'change-alice');
    await using phone = await connectedClient(server, 'change-alice');
    await using bob = await connectedClient(server, 'change-bob');
    const { conversation } = await alice.conversations.getOrCreateDirect('change-bob');
    const { id } = conversation;
    const chats = [alice, phone, bob].map((client) => client.conversation(id));
    const [own, , theirs] = chats;
    if (own === undefined || theirs === undefined) throw new Error('there are three');
    for (const text of ['one', 'two', 'three']) await own.sendMessage({ text }).stored;
    await Promise.all(chats.map((chat) => chat.open()));
    await own.edit(1, 'one!');
    await theirs.react(2, '👍');
    await own.pin(2);
    await own.delete(3, 'everyone');
    await theirs.delete(1, 'me');
    const seen = (chat: typeof own) => {
      const { messages, conversation: shown } = chat.messages.getSnapshot();
      return {
        texts: messages.map(({ content, deletedAt }) => (deletedAt === undefined ? content : null)),
        reactions: messages.find(({ seq }) => seq === 2)?.reactions.map(({ emoji, count }) => [emoji, count]),
        pins: shown?.pinnedMessages,
      };
    };
    const changed = { reactions: [['👍', 1]], pins: [2] };
    await until(() => expect(seen(own)).toEqual({ texts: ['one!', 'two', null], ...changed }));
    for (const chat of chats.slice(0, 2)) {
      await until(() => expect(seen(chat)).toEqual({ texts: ['one!', 'two', null], ...changed }));
    }
    await until(() => expect(seen(theirs)).toEqual({ texts: ['two', null], ...changed }));
    await expect(theirs.edit(2, 'x')).rejects.toMatchObject({ name: 'ParleyError', code: 'FORBIDDEN' });
    expect((await own.getEdits(1)).map(({ content }) => content)).toContain('one');
    await expect(own.search('tw')).resolves.toMatchObject({ messages: [{ seq: 2 }] });
  });

  it('renders one row for a new message: all other references stay', async () => {
    await using alice = await connectedClient(server, 'row-alice');
    await using bob = await connectedClient(server, 'row-bob');
    const direct = await alice.conversations.getOrCreateDirect('row-bob');
    const other = await alice.conversations.getOrCreateDirect('row-carol');
    const [chat, quiet] = [
      alice.conversation(direct.conversation.id),
      alice.conversation(other.conversation.id),
    ];
    await Promise.all([chat.open(), quiet.open()]);
    for (const text of ['one', 'two']) await chat.sendMessage({ text }).stored;
    const list = alice.conversations.list();
    let calls = 0;
    const unsubscribe = quiet.messages.subscribe(() => (calls += 1));
    const before = { messages: chat.messages.getSnapshot().messages, rows: list.getSnapshot().conversations };
    bob.conversation(direct.conversation.id).sendMessage({ text: 'three' });
    await until(() => chat.messages.getSnapshot().messages.length === 3);
    const after = { messages: chat.messages.getSnapshot().messages, rows: list.getSnapshot().conversations };
    const kept = (now: readonly unknown[], then: readonly unknown[]) =>
      now.filter((item) => then.includes(item)).length;
    // The sender has read the two before: their statuses change once.
    expect(after.messages.slice(0, 2).map(({ status }) => status)).toEqual(['read', 'read']);
    expect(kept(after.rows, before.rows)).toBe(1);
    await bob.conversation(direct.conversation.id).sendMessage({ text: 'four' }).stored;
    await until(() => chat.messages.getSnapshot().messages.length === 4);
    expect(kept(chat.messages.getSnapshot().messages, after.messages)).toBe(3);
    expect(list.getSnapshot()).toBe(list.getSnapshot());
    unsubscribe();
    expect(calls).toBe(0);
  });

  it('loads older messages, messages around one, and single ones', async () => {
    await using alice = await connectedClient(server, 'old-alice');
    const bob = await server.connectAs('old-bob');
    const { conversation } = await alice.conversations.getOrCreateDirect('old-bob');
    const { id } = conversation;
    for (let first = 0; first < 230; first += 23) {
      await Promise.all(Array.from({ length: 23 }, (_, index) => bob.send(id, `m${first + index}`)));
    }
    // Otherwise what is around the first unread message is loaded as well.
    await (await server.connectAs('old-alice')).ok('message:read', { conversationId: id, seq: 230 });
    await using fresh = await connectedClient(server, 'old-alice');
    const chat = fresh.conversation(id);
    await chat.open();
    const seqs = () => chat.messages.getSnapshot().messages.map(({ seq }) => seq);
    expect([seqs()[0], seqs().at(-1), chat.messages.getSnapshot().hasOlder]).toEqual([171, 230, true]);
    await expect(chat.loadOne(5)).resolves.toMatchObject({ seq: 5 });
    await expect(chat.loadAround(20)).resolves.toBe(true);
    await expect(chat.loadOlder()).resolves.toBe(false);
    await until(() => chat.messages.getSnapshot().gaps.length === 0);
    expect(seqs()).toEqual(Array.from({ length: 230 }, (_, index) => index + 1));
    expect(fresh.violations).toEqual([]);
  });

  it('creates groups, changes members and roles, and tells members who are removed', async () => {
    await using owner = await connectedClient(server, 'group-owner');
    await using member = await connectedClient(server, 'group-member');
    const removed = new Promise((resolve) => member.on('conversationRemoved', resolve));
    const input = { name: 'Team', participants: ['group-member'], clientConversationId: 'team-1' };
    const { conversation, refused } = await owner.conversations.createGroup(input);
    expect([conversation.name, refused]).toEqual(['Team', []]);
    expect((await owner.conversations.createGroup(input)).conversation.id).toBe(conversation.id);
    const group = owner.conversation(conversation.id);
    await group.addMembers(['group-third']);
    await group.setRole('group-member', 'admin');
    await group.update({ name: 'The team' });
    await until(() => {
      const [held] = member.conversations.list('groups').getSnapshot().conversations;
      return held?.role === 'admin' && held.name === 'The team';
    });
    expect((await group.getMembers()).members.map(({ _id }) => _id)).toEqual([
      'group-owner',
      'group-member',
      'group-third',
    ]);
    await group.removeMember('group-member');
    await expect(removed).resolves.toMatchObject({
      conversationId: conversation.id,
      name: 'The team',
      reason: 'removed',
    });
    expect(member.conversations.list().getSnapshot().conversations).toEqual([]);
    await expect(member.conversation(conversation.id).open()).rejects.toMatchObject({
      code: 'NOT_PARTICIPANT',
    });
  });

  it('keeps settings equal on all devices, and lists what is archived separately', async () => {
    await using alice = await connectedClient(server, 'set-alice');
    await using phone = await connectedClient(server, 'set-alice');
    const { conversation } = await alice.conversations.getOrCreateDirect('set-bob');
    const chat = alice.conversation(conversation.id);
    await chat.sendMessage({ text: 'hi' }).stored;
    await until(() => phone.conversations.list().getSnapshot().conversations.length === 1);
    await chat.updateSettings({ mutedUntil: '9000-01-01T00:00:00.000Z' });
    await until(() => phone.conversation(conversation.id).conversation.getSnapshot()?.isMuted === true);
    await chat.updateSettings({ archived: true });
    await until(() => phone.conversations.list().getSnapshot().conversations.length === 0);
    await using fresh = await connectedClient(server, 'set-alice');
    const archived = fresh.conversations.list('archived');
    expect(archived.getSnapshot().hasMore).toBe(true);
    await expect(fresh.conversations.loadMore('archived')).resolves.toBe(true);
    expect(archived.getSnapshot()).toMatchObject({ conversations: [{ isArchived: true }], hasMore: false });
    await expect(fresh.conversations.loadMore('archived')).resolves.toBe(false);
    await chat.deleteForMe();
    await until(() => phone.conversation(conversation.id).conversation.getSnapshot() === undefined);
  });

  it('shows the presence of a user as soon as both have written', async () => {
    await using alice = await connectedClient(server, 'new-alice');
    await using bob = await connectedClient(server, 'new-bob');
    const { conversation } = await alice.conversations.getOrCreateDirect('new-bob');
    const presence = alice.users.presence('new-bob');
    const watches = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/socket_event_seconds_count\{[^}]*presence:watch[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
    };
    const before = await watches();
    const stop = presence.subscribe(() => undefined);
    await until(async () => (await watches()) > before);
    await alice.conversation(conversation.id).sendMessage({ text: 'hello' }).stored;
    expect(presence.getSnapshot()).toBeUndefined();
    await until(() => bob.conversation(conversation.id).conversation.getSnapshot() !== undefined);
    await bob.conversation(conversation.id).sendMessage({ text: 'hello to you' }).stored;
    await until(() => presence.getSnapshot()?.status === 'online');
    stop();
  });

  it('shows typing and presence, and reports messages of others once', async () => {
    // Users see the presence of those with whom they have exchanged messages.
    const users = await Promise.all(['live-alice', 'live-bob'].map((userId) => server.connectAs(userId)));
    const id = (await users[0]?.open('live-bob')) ?? '';
    for (const user of users) {
      await user.send(id, 'before');
      user.close();
    }
    await using alice = await connectedClient(server, 'live-alice');
    const bob = await connectedClient(server, 'live-bob');
    const [own, theirs] = [alice, bob].map((client) => client.conversation(id));
    const heard: string[] = [];
    alice.on('messageReceived', ({ content }) => heard.push(content));
    alice.on('messageReceived', () => {
      throw new Error('a fault of the app');
    });
    await theirs?.sendMessage({ text: 'hi' }).stored;
    await until(() => heard.length > 0);
    const presence = alice.users.presence('live-bob');
    const stop = presence.subscribe(() => undefined);
    await until(() => presence.getSnapshot()?.status === 'online');
    await theirs?.open();
    theirs?.sendTyping();
    await until(() => own?.messages.getSnapshot().typingUserIds.includes('live-bob'));
    theirs?.sendMessage({ text: 'typed' });
    await until(() => own?.messages.getSnapshot().typingUserIds.length === 0);
    await until(() => heard.length === 2);
    await bob.dispose();
    await until(() => presence.getSnapshot()?.status === 'offline');
    stop();
    expect(heard).toEqual(['hi', 'typed']);
  });

  it('runs every command, and refuses with its code', async () => {
    await using alice = await connectedClient(server, 'raw-alice');
    await expect(alice.command('getPrivacy', {})).resolves.toMatchObject({ privacy: { typing: true } });
    await expect(alice.safety.updatePrivacy({ typing: false })).resolves.toMatchObject({ typing: false });
    const wrong = alice.command('getConversation', { conversationId: 'nonsense' });
    await expect(wrong).rejects.toMatchObject({ code: 'VALIDATION', details: [{ path: 'conversationId' }] });
    await expect(alice.safety.getReports()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await alice.safety.block('raw-bob');
    await expect(alice.safety.getBlocked()).resolves.toMatchObject({ users: [{ _id: 'raw-bob' }] });
    await alice.disconnect();
    await expect(alice.command('getPrivacy', {})).rejects.toMatchObject({ code: 'OFFLINE' });
  });

  it('passes on pushes after it has applied them', async () => {
    await using alice = await connectedClient(server, 'push-alice');
    await using bob = await connectedClient(server, 'push-bob');
    const { conversation } = await alice.conversations.getOrCreateDirect('push-bob');
    const pushed: [unknown, string[]][] = [];
    bob.onPush('message:new', (message) =>
      pushed.push([(message as MessageView).content, textsOf(bob, conversation.id)]),
    );
    await alice.conversation(conversation.id).sendMessage({ text: 'hi' }).stored;
    await until(() => pushed.length > 0);
    expect(pushed).toEqual([['hi', ['hi']]]);
  });

  it('accepts messages before it is connected, and sends them then', async () => {
    await using alice = await connectedClient(server, 'early-alice');
    const { conversation } = await alice.conversations.getOrCreateDirect('early-bob');
    await using early = createClient(server, 'early-alice');
    const sent = early.conversation(conversation.id).sendMessage({ text: 'early' });
    void early.connect();
    await expect(sent.stored).resolves.toMatchObject({ content: 'early' });
    await online(early);
    expect(early.userId).toBe('early-alice');
    await sent.persisted;
  });
});
