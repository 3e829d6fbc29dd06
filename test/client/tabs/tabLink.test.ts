import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { Origin, Tab, type TabOptions } from './support.js';

let server: TestServer;
let origin = new Origin();
const opened: Tab[] = [];
let users = 0;
const newUser = () => `ada-${(users += 1)}`;

function openTab(userId: string, options: Partial<TabOptions> = {}): Tab {
  const getToken = () => Promise.resolve(server.token(userId));
  const tab = new Tab({ origin, url: server.url, userId, getToken, ...options });
  opened.push(tab);
  return tab;
}

async function openTabs(userId: string, count: number): Promise<[Tab, Tab, ...Tab[]]> {
  const tabs = Array.from({ length: count }, () => openTab(userId));
  for (const tab of tabs) await tab.online();
  return tabs as [Tab, Tab, ...Tab[]];
}

const leaderOf = (tabs: Tab[]): Tab => {
  const leaders = tabs.filter(({ isLeader }) => isLeader === true);
  expect(leaders).toHaveLength(1);
  const [leader] = leaders;
  if (leader === undefined) throw new Error('no tab leads');
  return leader;
};
const followersOf = (tabs: Tab[]): Tab[] => tabs.filter((tab) => tab !== leaderOf(tabs));
const openSockets = () => server.metric('parley_open_sockets');

async function ask<Name extends Parameters<Tab['link']['ask']>[0]>(
  tab: Tab,
  name: Name,
  payload: Parameters<Tab['link']['ask']>[1],
) {
  const answer = await tab.link.ask(name, payload);
  if (!answer.success) throw new Error(`${name} was refused: ${answer.code} ${answer.error}`);
  return answer.data;
}

beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const tab of opened.splice(0)) tab.link.stop();
  origin = new Origin();
  await until(async () => (await openSockets()) === 0, { what: 'all sockets closed' });
});
afterAll(() => server[Symbol.asyncDispose]());

describe('several tabs of one user', () => {
  it('share one socket, and only the leader asks the app for a token', async () => {
    const ada = newUser();
    const tabs = await openTabs(ada, 3);
    expect(await openSockets()).toBe(1);
    expect(tabs.map(({ tokenCalls }) => tokenCalls).sort()).toEqual([0, 0, 1]);
    expect(tabs.map(({ isLeader }) => isLeader).sort()).toEqual([false, false, true]);
  });

  it('each run commands and receive their own answers', async () => {
    const tabs = await openTabs(newUser(), 3);
    const others = tabs.map(() => newUser());
    const found = await Promise.all(
      tabs.flatMap((tab, index) =>
        [1, 2, 3].map(async () => {
          const { conversation } = await ask(tab, 'getOrCreateDirect', { otherUserId: others[index] ?? '' });
          return [index, conversation.participants.includes(others[index] ?? '')];
        }),
      ),
    );
    expect(found.every(([, isOwn]) => isOwn)).toBe(true);
    const refused = await tabs[1].link.ask('getConversation', { conversationId: 'f'.repeat(24) });
    expect(refused).toMatchObject({ success: false, code: 'NOT_PARTICIPANT' });
  });

  it('each hear a message once', async () => {
    const ada = newUser();
    const tabs = await openTabs(ada, 3);
    const bob = await server.connectAs(newUser());
    const conversationId = await bob.open(ada);
    for (const text of ['one', 'two'])
      await bob.ok('sendMessage', { conversationId, content: text, clientMessageId: text });
    for (const tab of tabs) {
      await until(() => tab.pushes('message:new').length >= 2);
      expect(tab.pushes('message:new').map(({ content }) => content)).toEqual(['one', 'two']);
    }
    bob.close();
  });

  it('see what one of them does: the server does not send it to the connection that they share', async () => {
    const ada = newUser();
    const tabs = await openTabs(ada, 3);
    const [actor] = followersOf(tabs) as [Tab];
    const others = tabs.filter((tab) => tab !== actor);
    const { conversation } = await ask(actor, 'getOrCreateDirect', { otherUserId: newUser() });
    const conversationId = conversation._id;
    const { seq } = await ask(actor, 'sendMessage', { conversationId, clientMessageId: 'm1', content: 'hi' });
    await ask(actor, 'editMessage', { conversationId, seq, content: 'hello' });
    await ask(actor, 'react', { conversationId, seq, emoji: '👍', on: true });
    await ask(actor, 'updateSettings', { conversationId, pinned: true });
    await ask(actor, 'deleteMessage', { conversationId, seq, for: 'everyone' });
    for (const tab of others) {
      await until(() => tab.pushes('sync:advised').length > 0);
      expect(tab.pushed.map(({ name }) => name)).toEqual([
        'conversation:created',
        'message:new',
        'message:updated',
        'message:reaction',
        'conversation:settings',
        'sync:advised',
      ]);
      expect(tab.pushes('message:new')).toMatchObject([{ content: 'hi', clientMessageId: 'm1' }]);
    }
    expect(actor.pushed).toEqual([]);
  });

  it('exchange messages of their own', async () => {
    const tabs = await openTabs(newUser(), 3);
    tabs[2]?.link.tabs?.post({ type: 'outboxFailed', clientMessageId: 'm', code: 'BLOCKED', error: 'no' });
    for (const tab of tabs.slice(0, 2)) await until(() => tab.messages.length === 1);
    expect(tabs[2]?.messages).toEqual([]);
  });

  it('watch the presence of all users that one of them watches, and no longer those of a closed one', async () => {
    const ada = newUser();
    const tabs = await openTabs(ada, 2);
    const [bob, carol] = [await server.connectAs(newUser()), await server.connectAs(newUser())];
    // Users see the presence of those whom they have talked with.
    for (const other of [bob, carol]) {
      const conversationId = await other.open(ada);
      await other.send(conversationId, 'hi');
      await ask(tabs[0], 'sendMessage', { conversationId, clientMessageId: other.userId, content: 'hello' });
    }
    const [follower] = followersOf(tabs) as [Tab];
    const leader = leaderOf(tabs);
    const { presences } = await ask(leader, 'presence:watch', { userIds: [bob.userId] });
    expect(presences).toMatchObject([{ userId: bob.userId, status: 'online' }]);
    const found = await ask(follower, 'presence:watch', { userIds: [carol.userId] });
    expect(found.presences).toMatchObject([{ userId: carol.userId, status: 'online' }]);
    bob.close();
    await until(() =>
      leader.pushes('presence').some(({ userId, status }) => userId === bob.userId && status === 'offline'),
    );
    follower.kill();
    // The command that ends the watch is on its way before this one.
    await until(async () => {
      await leader.link.ask('getPrivacy', {});
      return !origin.isHeld(`parley/1/${JSON.stringify([server.url, ada])}/${follower.id}`);
    });
    await ask(leader, 'getPrivacy', {});
    carol.close();
    const again = await server.connectAs(bob.userId);
    await until(() =>
      leader.pushes('presence').some(({ userId, status }) => userId === bob.userId && status === 'online'),
    );
    expect(leader.pushes('presence').filter(({ userId }) => userId === carol.userId)).toEqual([]);
    again.close();
  });

  it('answer a payload that cannot be sent, and ignore what other code says on their channel', async () => {
    const ada = newUser();
    const tabs = await openTabs(ada, 2);
    const stranger = new BroadcastChannel(`parley/1/${JSON.stringify([server.url, ada])}`);
    for (const noise of [null, 7, 'leader', { type: 'leader' }, { type: 'nothing', from: 'x' }])
      stranger.postMessage(noise);
    stranger.close();
    const [follower] = followersOf(tabs) as [Tab];
    const answer = await follower.link.ask('sync', { cursor: (() => undefined) as never });
    expect(answer).toMatchObject({ success: false, code: 'VALIDATION' });
    expect((await follower.link.ask('sync', {})).success).toBe(true);
  });
});

describe('the tab that holds the socket', () => {
  it('is replaced as soon as it is closed, and all others synchronise again', async () => {
    const tabs = await openTabs(newUser(), 3);
    const leader = leaderOf(tabs);
    const rest = followersOf(tabs);
    const before = rest.map(({ arrivals }) => arrivals);
    leader.link.stop();
    const quiet = leader.states.length;
    await until(() => rest.every((tab, index) => tab.isOnline && tab.arrivals > (before[index] ?? 0)));
    leaderOf(rest);
    expect(await openSockets()).toBe(1);
    expect(leader.states).toHaveLength(quiet);
  });

  it('loses no message and stores none twice when it is killed in the middle of a send', async () => {
    const tabs = await openTabs(newUser(), 2);
    const leader = leaderOf(tabs);
    const [follower] = followersOf(tabs) as [Tab];
    const { conversation } = await ask(follower, 'getOrCreateDirect', { otherUserId: newUser() });
    const conversationId = conversation._id;
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const first = ids.map((id) =>
      follower.link.ask('sendMessage', { conversationId, clientMessageId: id, content: id }),
    );
    await first[3];
    leader.kill();
    const answers = await Promise.all(first);
    expect(answers.some((answer) => !answer.success)).toBe(true);
    for (const answer of answers) if (!answer.success) expect(answer.code).toBe('TIMEOUT');
    await until(() => follower.isOnline && follower.isLeader);
    for (const id of ids)
      await ask(follower, 'sendMessage', { conversationId, clientMessageId: id, content: id });
    const { messages } = await ask(follower, 'getMessages', { conversationId });
    expect(messages.map(({ clientMessageId }) => clientMessageId).sort()).toEqual([...ids].sort());
  });

  it('is replaced when it is frozen, and follows when it is back', async () => {
    const tabs = await openTabs(newUser(), 3);
    const frozen = leaderOf(tabs);
    const rest = followersOf(tabs);
    frozen.freeze();
    const late = rest[0]?.link.ask('getPrivacy', {}, { timeoutMs: 500 });
    rest[0]?.link.hurry();
    await until(() => rest.some(({ isLeader }) => isLeader) && rest.every(({ isOnline }) => isOnline));
    expect(await late).toMatchObject({ success: false, code: 'TIMEOUT' });
    frozen.thaw();
    await until(() => frozen.isLeader === false && frozen.isOnline);
    leaderOf(tabs);
    await until(async () => (await openSockets()) === 1);
    expect((await frozen.link.ask('getPrivacy', {})).success).toBe(true);
  });

  it('ends for all when the server ends it for good, and a new tab begins anew', async () => {
    const ada = newUser();
    let isSignedIn = true;
    const getToken = () =>
      Promise.resolve(
        isSignedIn ? server.token(ada, { exp: Math.floor(Date.now() / 1_000) + 2 }) : undefined,
      );
    const tabs = [openTab(ada, { getToken }), openTab(ada, { getToken })];
    for (const tab of tabs) await tab.online();
    isSignedIn = false;
    await until(() => tabs.every(({ status }) => status === 'ended'));
    expect(tabs.map(({ states }) => states.at(-1)?.code)).toEqual(['SIGNED_OUT', 'SIGNED_OUT']);
    expect(tabs.map(({ tokenCalls }) => tokenCalls)).toContain(0);
    await openTab(ada).online();
  });
});

describe('tabs of different users and servers', () => {
  it('never share a connection', async () => {
    const [ada, bob] = [newUser(), newUser()];
    const tabs = [openTab(ada), openTab(bob), openTab(ada, { url: `${server.url}/` })];
    for (const tab of tabs) await tab.online();
    expect(await openSockets()).toBe(3);
    expect(tabs.every(({ isLeader }) => isLeader)).toBe(true);
    const writer = await server.connectAs(newUser());
    const conversationId = await writer.open(ada);
    await writer.send(conversationId, 'for ada');
    await until(
      () => tabs[0]?.pushes('message:new').length === 1 && tabs[2]?.pushes('message:new').length === 1,
    );
    expect(tabs[1]?.pushed).toEqual([]);
    writer.close();
  });

  it('find their group by the token when the app names no user', async () => {
    const [ada, bob] = [newUser(), newUser()];
    const unnamed = (userId: string) => openTab(userId, { userId: undefined as never });
    const tabs = [unnamed(ada), unnamed(ada), unnamed(bob)];
    for (const tab of tabs) await tab.online();
    expect(await openSockets()).toBe(2);
    expect(tabs.map(({ users: seen }) => seen[0])).toEqual([ada, ada, bob]);
  });

  it('a tab whose token is for another user now leaves its group and enters the other', async () => {
    const [ada, bob] = [newUser(), newUser()];
    let current = ada;
    const shortLived = () =>
      Promise.resolve(
        server.token(current, current === ada ? { exp: Math.floor(Date.now() / 1_000) + 2 } : {}),
      );
    const tab = openTab(ada, { userId: undefined as never, getToken: shortLived });
    await tab.online();
    const ofBob = openTab(bob);
    await ofBob.online();
    current = bob;
    await until(() => tab.users.includes(bob) && tab.isOnline && tab.isLeader === false);
    await until(async () => (await openSockets()) === 1);
    expect(leaderOf([tab, ofBob])).toBe(ofBob);
  });

  it('a token of another user ends the tab when the app has named the user', async () => {
    const [ada, bob] = [newUser(), newUser()];
    const tab = openTab(ada, {
      getToken: () => Promise.resolve(server.token(bob)),
      accepts: (userId) => userId === ada,
    });
    await until(() => tab.status === 'ended');
    expect(tab.states.at(-1)?.code).toBe('SIGNED_OUT');
  });
});
