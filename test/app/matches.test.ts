import { expect } from 'vitest';
import { createDeferred, type Deferred } from '../../backend/src/utils/deferred.js';
import { startServer } from '../support/server.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { seriousFindings } from './support/axe.js';
import { describeInBrowser, it } from './support/windows.js';

const matchWith = ({ page }: AppWindow, name: string) =>
  page.getByTestId('match').filter({ hasText: name }).first();

/** The conversation in the window's address. */
const openId = ({ page }: AppWindow): string => /#\/c\/(\w+)/.exec(page.url())?.[1] ?? '';

async function like({ page }: AppWindow, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Find matches' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: new RegExp(`^Like .*${name}`) })
    .click();
}

describeInBrowser('matches in the app', () => {
  it('a match opens one chat; unmatching closes it for both; a rematch brings the same one back', async ({
    server,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    const bob = await openApp(server, { as: 'bob' });
    await like(alice, 'Bob Tanaka');
    await alice.page.getByText(/It’s a match with .*Bob Tanaka/).waitFor();
    await alice.isOpen('Bob Tanaka');
    const id = openId(alice);
    await matchWith(alice, 'Bob Tanaka').waitFor();
    await bob.page.getByRole('button', { name: 'Alice Moreau, New match' }).waitFor();
    await alice.write('we both like boats');
    await bob.page.getByRole('button', { name: 'Alice Moreau, 1 unread message' }).click();
    await bob.isOpen('Alice Moreau');
    expect(openId(bob)).toBe(id);
    await bob.write('sailing ones');
    // Both have written: they see each other's presence.
    for (const [window, name] of [
      [alice, 'Bob Tanaka'],
      [bob, 'Alice Moreau'],
    ] as const)
      await window.page
        .getByRole('button', { name: new RegExp(`^${name}, Online`) })
        .first()
        .waitFor();

    await matchWith(bob, 'Alice Moreau').click({ button: 'right' });
    await bob.page.getByRole('menuitem', { name: 'Unmatch' }).click();
    await bob.confirm('Unmatch');
    for (const [window, name] of [
      [alice, 'Bob Tanaka'],
      [bob, 'Alice Moreau'],
    ] as const) {
      await matchWith(window, name).waitFor({ state: 'detached' });
      await window.chat(name).waitFor({ state: 'detached' });
      await window.page.getByText('Pick a conversation').waitFor();
    }

    // Alice cannot undo what Bob has ended; he is not told.
    await like(alice, 'Bob Tanaka');
    await alice.page.getByText(/as soon as .*Bob Tanaka.* likes you/).waitFor();
    expect(await matchWith(bob, 'Alice Moreau').count()).toBe(0);

    await like(bob, 'Alice Moreau');
    await bob.isOpen('Alice Moreau');
    expect(openId(bob)).toBe(id);
    await matchWith(alice, 'Bob Tanaka').click();
    expect(openId(alice)).toBe(id);
    for (const window of [alice, bob]) {
      await window.messages('we both like boats').waitFor();
      await window.messages('sailing ones').waitFor();
    }
    await alice.write('and again');
    await bob.messages('and again').waitFor();
    for (const window of [alice, bob]) window.expectNoFaults();
  });

  it('a deleted chat with a match stays off the list, also when it is opened again, until its next message', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true, demoChats: true });
    const alice = await openApp(server, { as: 'alice' });
    await matchWith(alice, 'Carol Osei').click();
    await alice.write('hello');
    await alice.hasTick('hello', 'sent');
    await alice.onChat('Carol Osei', 'Delete chat');
    await alice.confirm('Delete chat');
    await alice.page.getByText('Pick a conversation').waitFor();
    await alice.chat('Carol Osei').waitFor({ state: 'detached' });
    await alice.page.reload();
    await matchWith(alice, 'Carol Osei').click();
    await alice.isOpen('Carol Osei');
    await alice.composer.waitFor();
    expect(await alice.chat('Carol Osei').count()).toBe(0);
    await alice.write('hello again');
    await alice.chat('Carol Osei').getByText('hello again').waitFor();
    expect(await alice.page.getByTestId('message-text').allTextContents()).toEqual(['hello again']);
    alice.expectNoFaults();
  });

  it('a match whose chat was cleared is not new', async ({ openApp }) => {
    await using server = await startServer({ demo: true, demoChats: true });
    const alice = await openApp(server, { as: 'alice' });
    const isNew = (name: string) => alice.page.getByRole('button', { name: `${name}, New match` });
    await isNew('Carol Osei').waitFor();
    await alice.openChat('Dan Lindqvist');
    await alice.onChat('Dan Lindqvist', 'Clear history');
    await alice.confirm('Clear history');
    await alice.page.getByText('There are no messages here.').waitFor();
    await isNew('Carol Osei').waitFor();
    expect(await isNew('Dan Lindqvist').count()).toBe(0);
    alice.expectNoFaults();
  });

  it('the list stays where it is when the matches above it are loaded', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const bob = await server.connectAs('bob');
    await bob.send(await bob.open('alice'), 'hello');
    const loading: Deferred<void> = createDeferred();
    const alice = await openApp(server, {
      as: 'alice',
      prepare: (page) =>
        page.route(/\/Matches-[^/]*\.js$/, async (route) => {
          await loading.promise;
          await route.continue();
        }),
    });
    const topOf = async () => (await alice.chat('Bob Tanaka').boundingBox())?.y;
    const before = await topOf();
    expect(await alice.page.getByTestId('matches').count()).toBe(0);
    loading.resolve();
    await alice.page.getByRole('button', { name: 'Find matches' }).waitFor();
    expect(await topOf()).toBe(before);
    alice.expectNoFaults();
  });

  it('a newcomer sees matches, a chat about a product, and one about an order', async ({ openApp }) => {
    await using server = await startServer({ demo: true, demoChats: true });
    const alice = await openApp(server, { as: 'alice' });
    await expect
      .poll(async () => (await alice.page.getByTestId('match').allTextContents()).sort(), PATIENT)
      .toEqual([expect.stringContaining('Carol Osei'), expect.stringContaining('Dan Lindqvist')]);
    await alice.openChat('Eva Novak');
    const header = alice.page.getByTestId('occasion');
    await header.getByText('Product · Touring bicycle, 28 inch').waitFor();
    await header.getByText('€420.00').waitFor();
    expect(await seriousFindings(alice)).toEqual([]);
    await alice.openChat('Farid Haddad');
    await header.getByText('Order · No. 1042, desk lamp').waitFor();
    await header.getByText('+1').waitFor();
    await header.click();
    const rows = alice.page.getByTestId('occasion-row');
    await rows.first().getByText('€83.90').waitFor();
    expect(await rows.count()).toBe(2);
    expect(await seriousFindings(alice)).toEqual([]);
    await rows.last().getByRole('button', { name: 'Show in the chat: Desk lamp, oak' }).click();
    await alice.page.getByRole('dialog').waitFor({ state: 'detached' });
    await alice.page.getByTestId('bubble').getByText('€79.00').waitFor();
    // A match is not a subject.
    await matchWith(alice, 'Dan Lindqvist').click();
    await alice.isOpen('Dan Lindqvist');
    await header.waitFor({ state: 'detached' });
    alice.expectNoFaults();
  });
});
