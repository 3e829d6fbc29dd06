import { expect } from 'vitest';
import { showPresence } from '../support/presence.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { AppWindow, PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const ALICE = 'Alice Moreau';
const BOB = 'Bob Tanaka';
const CAROL = 'Carol Osei';
/** Less than the time for which the list waits for the end of a press. */
const SHORT_PRESS_MS = 1_500;

describeInBrowser('windows beside each other', () => {
  it('show who is there, and how much is unread until it is read', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    await showPresence(server, 'alice', 'bob');
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat(BOB);
    const subtitle = alice.page.getByTestId('chat-subtitle');
    await subtitle.getByText('Offline').waitFor();
    const bob = await openApp(server, { as: 'bob' });
    await subtitle.getByText('Online', { exact: true }).waitFor();
    await alice.page.getByRole('button', { name: /^Bob Tanaka.*, Online/ }).waitFor();
    await alice.write('one');
    await alice.write('two');
    const carol = await server.connectAs('carol');
    await carol.send(await carol.open('bob'), 'three');
    await bob.chat(ALICE).getByText('2', { exact: true }).waitFor();
    await bob.chat(CAROL).getByText('1', { exact: true }).waitFor();
    await expect.poll(() => bob.page.title(), PATIENT).toBe('(3) Parley');
    const names = () => bob.page.getByTestId('conversation-name').allTextContents();
    await expect.poll(names, PATIENT).toEqual([CAROL, ALICE]);
    await bob.openChat(ALICE);
    await bob.chat(ALICE).getByText('2', { exact: true }).waitFor({ state: 'detached' });
    await expect.poll(() => bob.page.title(), PATIENT).toBe('(1) Parley');
    await alice.hasTick('two', 'read');
    await bob.page.close();
    await subtitle.getByText('Last seen just now').waitFor();
    alice.expectNoFaults();
  });

  it('of one user show the same, once', async ({ server, bob, openApp }) => {
    const one = await openApp(server, { as: 'eva' });
    await one.startChat(BOB);
    const two = await openApp(server, { as: 'eva', beside: one });
    await two.openChat(BOB);
    await one.write('from one window');
    await two.hasTick('from one window', 'sent');
    await two.write('from the other');
    await one.hasTick('from the other', 'sent');
    const both = ['from one window', 'from the other'];
    for (const window of [one, two]) {
      await expect
        .poll(() => window.page.getByTestId('message-text').allTextContents(), PATIENT)
        .toEqual(both);
      await window.page.goto(`${server.url}/#/`);
      await window.page.getByText('Pick a conversation').waitFor();
    }
    await bob.send(await bob.open('eva'), 'to both');
    for (const window of [one, two]) await window.chat(BOB).getByText('1', { exact: true }).waitFor();
    await one.openChat(BOB);
    await two.chat(BOB).getByText('1', { exact: true }).waitFor({ state: 'detached' });
    one.expectNoFaults();
    two.expectNoFaults();
  });

  it('are offered in the demo, as other users', async ({ server, openApp }) => {
    const carol = await openApp(server);
    const { page } = carol;
    await page.getByRole('button', { name: /^Carol Osei/ }).click();
    await page.getByTestId('me').getByText(CAROL).waitFor();
    await page.reload();
    await page.getByTestId('me').getByText(CAROL).waitFor();
    await page
      .getByText(
        /^Open a second window as .*Alice Moreau, Bob Tanaka,? or Dan Lindqvist.*, and talk to yourself\.$/,
      )
      .waitFor();
    const opening = page.context().waitForEvent('page');
    await page.getByRole('link', { name: ALICE }).click();
    const alice = new AppWindow(await opening, server);
    await alice.page.getByTestId('me').getByText(ALICE).waitFor();
    await page.getByTestId('me').getByText(CAROL).waitFor();
    carol.expectNoFaults();
    alice.expectNoFaults();
  });
});

describeInBrowser('a click in the app', () => {
  it('reaches what was pressed, also when the list changes before the button is up', async ({
    server,
    openApp,
  }) => {
    const dan = await openApp(server, { as: 'dan' });
    const [alice, carol] = [await server.connectAs('alice'), await server.connectAs('carol')];
    const [fromAlice, fromCarol] = [await alice.open('dan'), await carol.open('dan')];
    let count = 0;
    /** Presses the lower row while its chat moves to the top. @returns ms for which the button was down */
    const press = async (): Promise<number> => {
      await alice.send(fromAlice, `above ${(count += 1)}`);
      await carol.send(fromCarol, `pushes it down ${count}`);
      const names = () => dan.page.getByTestId('conversation-name').allTextContents();
      await expect.poll(names, PATIENT).toEqual([CAROL, ALICE]);
      const { x = 0, y = 0, height = 0 } = (await dan.chat(ALICE).boundingBox()) ?? {};
      await dan.page.mouse.move(x + height / 2, y + height / 2);
      const title = await dan.page.title();
      const beganMs = performance.now();
      await dan.page.mouse.down();
      await alice.send(fromAlice, `news ${count}`);
      await expect.poll(() => dan.page.title(), PATIENT).not.toBe(title);
      await dan.page.mouse.up();
      const tookMs = performance.now() - beganMs;
      await expect.poll(names, PATIENT).toEqual([ALICE, CAROL]);
      return tookMs;
    };
    // A machine that is too busy for a short press tries again.
    await until(async () => (await press()) < SHORT_PRESS_MS, { what: 'a short press' });
    await dan.isOpen(ALICE);
    dan.expectNoFaults();
  });

  it('in a menu acts on what the menu was opened for, wherever that has moved', async ({
    server,
    openApp,
  }) => {
    const farid = await openApp(server, { as: 'farid' });
    const [alice, carol] = [await server.connectAs('alice'), await server.connectAs('carol')];
    const [fromAlice, fromCarol] = [await alice.open('farid'), await carol.open('farid')];
    await alice.send(fromAlice, 'older');
    await carol.send(fromCarol, 'newer');
    await farid.chat(CAROL).waitFor();
    // react-native-web warns when the first press of a page is one of the right button.
    await farid.page.getByRole('heading', { name: 'Chats' }).click();
    await farid.chat(ALICE).click({ button: 'right' });
    const item = farid.page.getByRole('menuitem', { name: 'Pin', exact: true });
    await item.waitFor();
    await alice.send(fromAlice, 'to the top');
    await farid.chat(ALICE).getByText('to the top').waitFor();
    await item.click();
    await farid.page.getByRole('button', { name: /^Alice Moreau.*, Pinned/ }).waitFor();
    expect(await farid.page.getByRole('button', { name: /, Pinned/ }).count()).toBe(1);
    farid.expectNoFaults();
  });
});

describeInBrowser('a window of the app', () => {
  it('takes a token where there is no demo, and a user id for a chat', async ({ openApp }) => {
    await using server = await startServer({ demo: false });
    const zoe = await openApp(server);
    const { page } = zoe;
    await page.getByLabel('JSON Web Token').fill(server.token('zoë_%', { name: 'Zoë' }));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByTestId('me').getByText('Zoë').waitFor();
    await page.getByText('Pick a conversation').waitFor();
    expect(await page.getByText(/second window/).count()).toBe(0);
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByPlaceholder('Search, or enter a user id').fill('yannick');
    await page.getByRole('button', { name: /^Use the id “.?yannick.?”$/ }).click();
    await zoe.isOpen('yannick');
    await zoe.write('Hello');
    await zoe.hasTick('Hello', 'sent');
    // Without a demo, its users are not found: the browser prints that.
    expect(zoe.faults.filter((text) => !text.includes('404'))).toEqual([]);
  });

  it('names what a chat is about: the newest, and how many more', async ({ server, bob, openApp }) => {
    const about = (occasion: object) => bob.ok('getOrCreateDirect', { otherUserId: 'farid', occasion });
    await about({ kind: 'product', id: 'SKU-6', title: 'Ceiling lamp' });
    await about({ kind: 'product', id: 'SKU-7', title: 'Brass desk lamp' });
    const farid = await openApp(server, { as: 'farid' });
    await farid.openChat(BOB);
    const occasion = farid.page.getByTestId('occasion');
    await occasion.getByText(/^Product · .?Brass desk lamp.?$/).waitFor();
    await occasion.getByText('+1').waitFor();
    farid.expectNoFaults();
  });

  it('is used with keys alone: along the list, into a chat, and to write', async ({ server, openApp }) => {
    const [alice, carol] = [await server.connectAs('alice'), await server.connectAs('carol')];
    await alice.send(await alice.open('bob'), 'from Alice');
    await carol.send(await carol.open('bob'), 'from Carol');
    const bob = await openApp(server, { as: 'bob' });
    const { keyboard } = bob.page;
    await bob.chat(ALICE).waitFor();
    await bob.chat(CAROL).focus();
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await bob.messages('from Alice').waitFor();
    await bob.isOpen(ALICE);
    await keyboard.type('two lines:');
    await keyboard.press('Shift+Enter');
    await keyboard.type('here');
    await keyboard.press('Enter');
    await bob.messages('two lines:\nhere').waitFor();
    bob.expectNoFaults();
  });
});
