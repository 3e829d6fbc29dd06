import { memo, type ReactNode } from 'react';
import { expect, test, vi } from 'vitest';
import { createParleyClient, type Conversation, type ParleyClient } from '@parley/client';
import {
  ParleyProvider,
  useConnectionState,
  useConversation,
  useConversations,
  useMessages,
  useOutbox,
  useParleyEvent,
  usePresence,
  useRelativeDay,
  useTyping,
  useUnreadCount,
  useUser,
} from '@parley/react';
import type { UserId } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { showPresence } from '../support/presence.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { renderPage } from './support/dom.js';
import { Messages, Row, RowLog } from './support/rows.js';

const server = sharedServer();

const clientOf = (userId: UserId, url = server().url): ParleyClient =>
  createParleyClient({ url, getToken: () => Promise.resolve(server().token(userId)) });

test('a new message renders one row, and a status only the rows that it is about', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  for (let count = 1; count <= 30; count += 1) await sender.send(id, `text ${count}`);
  const client = clientOf(alice);
  const log = new RowLog();
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Messages id={id} log={log} />
    </ParleyProvider>,
  );
  await until(() => page.text().includes('text 30'), { what: 'the stored messages' });

  log.clear();
  await sender.send(id, 'one more');
  await until(() => page.text().includes('one more'));
  expect(log).toMatchObject({ renders: ['one more'], mounts: ['one more'] });

  log.clear();
  await client.conversation(id).sendMessage({ text: 'my answer' }).stored;
  await until(() => page.text().includes('my answer (sent)'));
  // Pending, then stored: two renders of one row, which is mounted once.
  expect(new Set(log.renders)).toEqual(new Set(['my answer']));
  expect(log.mounts).toEqual(['my answer']);

  log.clear();
  await sender.ok('message:read', { conversationId: id, seq: 32 });
  await until(() => page.text().includes('my answer (read)'));
  expect(new Set(log.renders)).toEqual(new Set(['my answer']));
  await client.dispose();
});

test('an unsent message stays at the end while others arrive, and its row is not mounted again when it is stored', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  await sender.send(id, 'first');
  await using proxy = await TcpProxy.start(server().url);
  const client = clientOf(alice, proxy.url);
  const log = new RowLog();
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Messages id={id} log={log} />
    </ParleyProvider>,
  );
  await until(() => page.text().includes('first'));
  proxy.cut();
  await until(() => client.connectionState.getSnapshot().status === 'reconnecting');
  const sent = client.conversation(id).sendMessage({ text: 'written offline' });
  await until(() => page.text().endsWith('written offline (pending)'));
  await sender.send(id, 'second');
  proxy.pass();
  await sent.stored;
  await until(() => /first.*second.*written offline \(sent\)$/.test(page.text()));
  expect(log.mounts.filter((content) => content === 'written offline')).toHaveLength(1);
  await client.dispose();
});

test('StrictMode opens one connection, and unmounting ends it', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  await sender.send(id, 'hello');
  const connections: string[] = [];
  const { sockets } = server().app.io;
  const count = (socket: { data: { principal: { userId: string } } }): void => {
    if (socket.data.principal.userId === alice) connections.push(alice);
  };
  sockets.on('connection', count);
  const client = clientOf(alice);
  const states: string[] = [];
  client.on('connectionStateChanged', ({ status }) => states.push(status));
  const page = await renderPage(
    <ParleyProvider client={client}>
      <Messages id={id} log={new RowLog()} />
    </ParleyProvider>,
    { strict: true },
  );
  await until(() => page.text().includes('hello'));
  await until(() => client.connectionState.getSnapshot().status === 'online');
  expect(connections).toEqual([alice]);
  expect(states).toEqual(['connecting', 'syncing', 'online']);
  await page[Symbol.asyncDispose]();
  await until(() => client.connectionState.getSnapshot().status === 'idle');
  sockets.off('connection', count);
  await client.dispose();
});

const ListRow = memo(function ListRow({
  conversation,
  log,
}: {
  conversation: Conversation;
  log: RowLog;
}): ReactNode {
  log.renders.push(conversation.lastMessage?.content ?? '');
  return <li>{conversation.lastMessage?.content}</li>;
});

function List({ log }: { log: RowLog }): ReactNode {
  return useConversations().conversations.map((one) => <ListRow key={one.id} conversation={one} log={log} />);
}

test('a new message renders one row of the list: the other conversations keep their references', async () => {
  const [alice, bob, carol] = people('alice', 'bob', 'carol');
  const senders = await Promise.all([bob, carol].map((userId) => server().connectAs(userId)));
  const ids = await Promise.all(senders.map((sender) => sender.open(alice)));
  for (const [index, sender] of senders.entries()) await sender.send(ids[index] ?? '', `hello ${index}`);
  const client = clientOf(alice);
  const log = new RowLog();
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <List log={log} />
    </ParleyProvider>,
  );
  await until(
    () => page.text() === 'hello 1hello 0' && client.connectionState.getSnapshot().status === 'online',
  );
  log.clear();
  await senders[0]?.send(ids[0] ?? '', 'news');
  await until(() => page.text() === 'newshello 1');
  expect(new Set(log.renders)).toEqual(new Set(['news']));
  await client.dispose();
});

function Overview({ id, otherUserId }: { id: string; otherUserId: string }): ReactNode {
  const { conversations, isLoaded } = useConversations();
  const conversation = useConversation(id);
  const typing = useTyping(id);
  return (
    <dl>
      <dd id="list">
        {isLoaded ? conversations.map(({ lastMessage }) => lastMessage?.content).join() : 'loading'}
      </dd>
      <dd id="unread">{conversation?.unreadCount}</dd>
      <dd id="badge">{useUnreadCount()}</dd>
      <dd id="state">{useConnectionState().status}</dd>
      <dd id="typing">{typing.join()}</dd>
      <dd id="presence">{usePresence(otherUserId)?.status}</dd>
      <dd id="user">{useUser(otherUserId).name}</dd>
      <dd id="outbox">{useOutbox().messages.length}</dd>
    </dl>
  );
}

test('the other hooks show list, unread counts, connection, typing, presence, user and outbox', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob, { token: server().token(bob, { name: 'Bob Tanaka' }) });
  const id = await sender.open(alice);
  await sender.send(id, 'hello');
  await showPresence(server(), alice, bob);
  const client = clientOf(alice);
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Overview id={id} otherUserId={bob} />
    </ParleyProvider>,
    { strict: true },
  );
  const shows = async (name: string, text: string): Promise<void> => {
    await until(() => page.element(`#${name}`)?.textContent === text, { what: `${name} = ${text}` });
  };
  await shows('state', 'online');
  await shows('list', 'hello');
  await shows('unread', '1');
  await shows('badge', '1');
  await shows('user', 'Bob Tanaka');
  await shows('presence', 'online');
  // Typing is best effort, and repeated while the user types.
  await until(async () => {
    await sender.ok('typing', { conversationId: id, typing: true });
    return page.element('#typing')?.textContent === bob;
  });
  await shows('outbox', '0');
  client.conversation(id).markRead(1);
  await shows('unread', '0');
  await shows('badge', '0');
  sender.close();
  await shows('presence', 'offline');
  await shows('typing', '');
  await client.dispose();
});

function Day({ day }: { day: string }): ReactNode {
  return <h2>{useRelativeDay(day) ?? day}</h2>;
}

function Days({ id, log }: { id: string; log: RowLog }): ReactNode {
  return useMessages(id).items.map((item) => {
    if (item.kind === 'day') return <Day key={item.key} day={item.day} />;
    return item.kind === 'message' && <Row key={item.key} item={item} log={log} />;
  });
}

test('midnight passes: today becomes yesterday, and no message renders again', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  await sender.send(id, 'hello');
  const client = clientOf(alice);
  const log = new RowLog();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    let daysLater = 0;
    const now = (): number => Date.now() + daysLater * 86_400_000;
    await using page = await renderPage(
      <ParleyProvider client={client} timeZone="Asia/Kolkata" now={now}>
        <Days id={id} log={log} />
      </ParleyProvider>,
    );
    const title = (): string | undefined => page.element('h2')?.textContent;
    await until(() => title() === 'today');
    log.clear();
    for (const [later, expected] of [
      [1, /^yesterday$/],
      [2, /^\d{4}-\d\d-\d\d$/],
    ] as const) {
      daysLater = later;
      vi.advanceTimersByTime(60_000);
      await until(() => expected.test(title() ?? ''), { what: String(expected) });
    }
    expect(log.renders).toEqual([]);
  } finally {
    vi.useRealTimers();
    await client.dispose();
  }
});

test('another user’s client shows nothing of the former one, whose connection ends', async () => {
  const [alice, bob, carol] = people('alice', 'bob', 'carol');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  await sender.send(id, 'for alice only');
  const [first, second] = [clientOf(alice), clientOf(carol)];
  const overview = (client: ParleyClient): ReactNode => (
    <ParleyProvider client={client}>
      <Overview id={id} otherUserId={bob} />
    </ParleyProvider>
  );
  await using page = await renderPage(overview(first));
  await until(() => page.element('#list')?.textContent === 'for alice only');
  page.render(overview(second));
  await until(() => second.connectionState.getSnapshot().status === 'online');
  await until(() => page.element('#list')?.textContent === '');
  expect(page.text()).not.toContain('for alice only');
  await until(() => first.connectionState.getSnapshot().status === 'idle');
  await Promise.all([first.dispose(), second.dispose()]);
});

function Arrivals({ heard }: { heard: string[] }): ReactNode {
  useParleyEvent('messageReceived', ({ content }) => heard.push(content));
  return useConnectionState().status;
}

test('an event listener hears each message once, and hooks outside of a provider say what is missing', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  const client = clientOf(alice);
  const heard: string[] = [];
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Arrivals heard={heard} />
    </ParleyProvider>,
    { strict: true },
  );
  await until(() => page.text() === 'online');
  await sender.send(id, 'one');
  await sender.send(id, 'two');
  await until(() => heard.length >= 2);
  expect(heard).toEqual(['one', 'two']);
  await client.dispose();

  const errors: unknown[] = [];
  await using bare = await renderPage(<Arrivals heard={[]} />, { onError: (error) => errors.push(error) });
  await until(() => errors.length > 0);
  expect(String(errors[0])).toContain('<ParleyProvider>');
  expect(bare.text()).toBe('');
});
