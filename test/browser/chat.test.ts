import { expect } from 'vitest';
import { showPresence } from '../support/presence.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('two people in two windows', () => {
  it('chat: the message arrives, and its ticks go from sent to delivered to read', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await open(server, { as: 'alice' });
    await alice.startChat('Bob Tanaka');
    await alice.write('Hello Bob');
    const sent = alice.messages('Hello Bob');
    await sent.and(alice.page.locator('.sent')).waitFor();

    const bob = await open(server, { as: 'bob' });
    await bob.chat('Alice Moreau').waitFor();
    await sent.and(alice.page.locator('.delivered')).waitFor();

    await bob.openChat('Alice Moreau');
    await bob.messages('Hello Bob').waitFor();
    await sent.and(alice.page.locator('.read')).waitFor();

    await bob.write('Hello Alice');
    await alice.messages('Hello Alice').waitFor();
    expect(await alice.texts()).toEqual(['Hello Bob', 'Hello Alice']);
    expect(await bob.texts()).toEqual(['Hello Bob', 'Hello Alice']);
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('see each other type, stop typing, connect and disconnect', async ({ open }) => {
    await using server = await startServer({ demo: true });
    await showPresence(server, 'alice', 'bob');
    const alice = await open(server, { as: 'alice' });
    await alice.startChat('Bob Tanaka');
    const subtitle = alice.page.locator('.chat-sub');
    await subtitle.getByText('offline').waitFor();

    const bob = await open(server, { as: 'bob' });
    await bob.openChat('Alice Moreau');
    await subtitle.getByText('online', { exact: true }).waitFor();
    await alice.page.locator('.conversation .avatar-frame.online').waitFor();

    await bob.composer.pressSequentially('Well');
    await subtitle.getByText('typing…').waitFor();
    await alice.page.locator('.messages .typing').waitFor();
    await bob.composer.fill('');
    await subtitle.getByText('online', { exact: true }).waitFor();

    await bob.page.close();
    await subtitle.getByText('last seen just now').waitFor();
  });

  it('click what they pressed, also when it changes before they let go', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const bob = await open(server, { as: 'bob' });
    const alice = await server.connectAs('alice');
    const id = await alice.open('bob');
    await alice.send(id, 'one');
    const { x = 0, y = 0, height = 0 } = (await bob.chat('Alice Moreau').boundingBox()) ?? {};
    await bob.page.mouse.move(x + height / 2, y + height / 2);
    await bob.page.mouse.down();
    await alice.send(id, 'two');
    await until(async () => (await bob.page.title()) === '(2) Parley', { what: 'the news' });
    await bob.page.evaluate('new Promise((done) => setTimeout(done, 100))');
    await bob.page.mouse.up();
    await bob.page.getByRole('heading', { name: 'Alice Moreau', level: 2 }).waitFor();
  });

  it('see how much is unread, in the list and in the title, until it is read', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const bob = await open(server, { as: 'bob' });
    const alice = await server.connectAs('alice');
    const carol = await server.connectAs('carol');
    const [fromAlice, fromCarol] = [await alice.open('bob'), await carol.open('bob')];
    await alice.send(fromAlice, 'one');
    await alice.send(fromAlice, 'two');
    await carol.send(fromCarol, 'three');

    await bob.chat('Alice Moreau').locator('.badge', { hasText: '2' }).waitFor();
    await bob.chat('Carol Osei').locator('.badge', { hasText: '1' }).waitFor();
    await until(async () => (await bob.page.title()) === '(3) Parley', { what: 'the title' });
    const order = bob.page.locator('.conversation-name');
    expect(await order.allTextContents()).toEqual([
      expect.stringContaining('Carol'),
      expect.stringContaining('Alice'),
    ]);

    await bob.openChat('Alice Moreau');
    await bob.chat('Alice Moreau').locator('.badge').waitFor({ state: 'hidden' });
    await until(async () => (await bob.page.title()) === '(1) Parley', { what: 'the title' });
    await alice.next('message:status', ({ readSeq }) => readSeq === 2);
  });

  it('have read nothing while the window is hidden', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const bob = await open(server, {
      as: 'bob',
      prepare: (page) =>
        page.addInitScript('globalThis.isLooking = true; document.hasFocus = () => globalThis.isLooking;'),
    });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await alice.send(conversation, 'seen');
    await bob.openChat('Alice Moreau');
    await alice.next('message:status', ({ readSeq }) => readSeq === 1);

    await bob.page.evaluate('globalThis.isLooking = false');
    await alice.send(conversation, 'not seen');
    await alice.next('message:status', ({ deliveredSeq }) => deliveredSeq === 2);
    await bob.messages('not seen').waitFor();
    await bob.chat('Alice Moreau').locator('.badge', { hasText: '1' }).waitFor();
    expect(alice.pushes('message:status').filter(({ readSeq }) => readSeq === 2)).toEqual([]);

    await bob.page.evaluate('globalThis.isLooking = true; dispatchEvent(new Event("focus"))');
    await alice.next('message:status', ({ readSeq }) => readSeq === 2);
  });

  it('see text as text, whatever it looks like', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await open(server, { as: 'alice' });
    await alice.startChat('Bob Tanaka');
    const nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>&amp; "\'';
    await alice.write(nasty);
    await alice.messages(nasty).and(alice.page.locator('.sent')).waitFor();
    const bob = await open(server, { as: 'bob' });
    await bob.chat('Alice Moreau').getByText(nasty).waitFor();
    await bob.openChat('Alice Moreau');
    await bob.messages(nasty).waitFor();
    expect(await bob.page.locator('.messages img, .messages script').count()).toBe(0);
    expect(await bob.page.title()).toBe('Parley');
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('see what their chat is about', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const bob = await open(server, { as: 'bob' });
    const occasion = { kind: 'product', id: 'SKU-7', title: 'Brass desk lamp' };
    await alice.ok('getOrCreateDirect', { otherUserId: 'bob', occasion });
    await bob.openChat('Alice Moreau');
    await bob.page.locator('.occasion', { hasText: 'Product · Brass desk lamp' }).waitFor();
  });

  it('see in a second window of the same user what the first one does, once', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const one = await open(server, { as: 'alice' });
    await one.startChat('Bob Tanaka');
    const two = await open(server, { as: 'alice', beside: one });
    await two.openChat('Bob Tanaka');
    await one.write('from one window');
    await two.messages('from one window').and(two.page.locator('.sent')).waitFor();
    await two.write('from the other');
    await one.messages('from the other').and(one.page.locator('.sent')).waitFor();
    const both = ['from one window', 'from the other'];
    expect([await one.texts(), await two.texts()]).toEqual([both, both]);

    const bob = await server.connectAs('bob');
    const conversation = await bob.open('alice');
    await one.page.goto(`${server.url}/#/`);
    await two.page.goto(`${server.url}/#/`);
    await bob.send(conversation, 'to both');
    for (const window of [one, two])
      await window.chat('Bob Tanaka').locator('.badge', { hasText: '1' }).waitFor();
    await one.openChat('Bob Tanaka');
    await two.chat('Bob Tanaka').locator('.badge').waitFor({ state: 'hidden' });
  });
});

describeInBrowser('a window', () => {
  it('lets the visitor choose a user, and keeps the choice over a reload', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const window = await open(server);
    await window.page.getByRole('button', { name: 'Carol Osei' }).click();
    await window.page.locator('.me', { hasText: 'Carol Osei' }).waitFor();
    await window.page.reload();
    await window.page.locator('.me', { hasText: 'Carol Osei' }).waitFor();
    await window.page.getByRole('button', { name: 'Switch user' }).click();
    await window.page.getByRole('button', { name: 'Dan Lindqvist' }).waitFor();
    expect(window.complaints).toEqual([]);
  });

  it('takes a token where there is no demo', async ({ open }) => {
    await using server = await startServer({ demo: false });
    const window = await open(server);
    await window.page.getByLabel(/JSON Web Token/).fill('this is none');
    await window.page.getByRole('button', { name: 'Sign in' }).click();
    await window.page.getByText('This is not a JSON Web Token').waitFor();
    await window.page.getByLabel(/JSON Web Token/).fill(server.token('zoë_%', { name: 'Zoë' }));
    await window.page.getByRole('button', { name: 'Sign in' }).click();
    await window.page.locator('.me', { hasText: 'Zoë' }).waitFor();
    await window.page.getByRole('button', { name: 'Start a chat' }).click();
    await window.page.getByLabel(/user id/).fill('yannick');
    await window.page.getByRole('button', { name: 'Start chat' }).click();
    await window.write('Hello');
    await window.messages('Hello').and(window.page.locator('.sent')).waitFor();
  });

  it('shows list or chat on a phone, and goes back', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    await alice.send(await alice.open('bob'), 'Hello');
    const phone = await open(server, {
      as: 'bob',
      viewport: { width: 390, height: 780 },
      hasTouch: true,
      isMobile: true,
    });
    await phone.openChat('Alice Moreau');
    await phone.messages('Hello').waitFor();
    await phone.chat('Alice Moreau').waitFor({ state: 'hidden' });
    await phone.page.getByRole('link', { name: 'Back to the list' }).click();
    await phone.chat('Alice Moreau').waitFor();
    expect(await phone.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it('can be used with the keyboard alone', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const carol = await server.connectAs('carol');
    await alice.send(await alice.open('bob'), 'from Alice');
    await carol.send(await carol.open('bob'), 'from Carol');
    const bob = await open(server, { as: 'bob' });
    await bob.chat('Carol Osei').focus();
    await bob.page.keyboard.press('ArrowDown');
    await bob.page.keyboard.press('Enter');
    await bob.messages('from Alice').waitFor();
    await bob.page.keyboard.type('two lines:');
    await bob.page.keyboard.press('Shift+Enter');
    await bob.page.keyboard.type('here');
    await bob.page.keyboard.press('Enter');
    await bob.page.locator('.mine.sent, .mine.delivered').waitFor();
    expect(await bob.texts()).toEqual(['from Alice', 'two lines:\nhere']);
    await bob.page.keyboard.press('Escape');
    await bob.page.getByRole('heading', { name: 'Pick a conversation' }).waitFor();
  });
});
