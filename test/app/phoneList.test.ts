import { expect } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const GROUPS = 50;

const nameOf = (index: number): string => `Group ${index}`;

/** Creates unread chats of Alice's: groups, the last one above the others, and above it one with Bob. */
async function furnish(server: TestServer): Promise<void> {
  const bob = await server.connectAs('bob');
  for (let index = 1; index <= GROUPS; index += 1) {
    const { conversation } = await bob.ok('createGroup', { name: nameOf(index), participants: ['alice'] });
    await bob.send(conversation._id, `words of ${index}`);
  }
  await bob.send(await bob.open('alice'), 'hello');
}

const press = ({ page }: AppWindow, filter: string): Promise<void> =>
  page.getByRole('group', { name: 'Show' }).getByRole('button', { name: filter }).tap();

const back = ({ page }: AppWindow): Promise<void> =>
  page.getByRole('button', { name: 'Back', exact: true }).tap();

/** Names of the rows that are in sight, from the top. */
const shown = ({ page }: AppWindow): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const list = document.querySelector('[role=navigation]');
    const chips = list.querySelector('[aria-label=Show]').getBoundingClientRect();
    return [...list.querySelectorAll('[data-testid=conversation]')]
      .map((row) => ({ top: row.getBoundingClientRect().top, row }))
      .filter(({ top }) => top >= chips.bottom - 1 && top < innerHeight - 100)
      .sort((one, other) => one.top - other.top)
      .map(({ row }) => row.querySelector('[data-testid=conversation-name]').textContent.replace(/[\\u2066-\\u2069]/g, ''));
  })()`);

/** Scrolls to a row far down, and opens it. */
async function openFar(window: AppWindow, name: string): Promise<void> {
  await window.page.evaluate(`(() => {
    const rows = [...document.querySelectorAll('[role=navigation] *')];
    const list = rows.find((one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > 2_000);
    list.scrollTop = list.scrollHeight - list.clientHeight - 300;
  })()`);
  await expect.poll(() => shown(window)).toContain(name);
  await window.chat(name).tap();
  await window.isOpen(name);
}

describeInBrowser('the list of chats on a phone', () => {
  it('begins at its top when another filter is chosen, after a chat far down was open', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    await furnish(server);
    const alice = await openApp(server, { as: 'alice', ...PHONE });
    await alice.chat(nameOf(GROUPS)).waitFor();
    await openFar(alice, nameOf(10));
    await back(alice);
    await expect.poll(() => shown(alice), PATIENT).toContain(nameOf(10));
    for (const filter of ['Unread', 'Groups', 'All', 'Archived', 'All', 'Unread', 'All', 'Groups']) {
      const first = filter === 'Groups' ? nameOf(GROUPS) : 'Bob Tanaka';
      await press(alice, filter);
      if (filter === 'Archived') await alice.page.getByText('Nothing archived').waitFor();
      else await expect.poll(async () => (await shown(alice))[0]).toBe(first);
      // Rows that are drawn afterwards may move the list.
      await alice.page.waitForTimeout(150);
      if (filter !== 'Archived') expect((await shown(alice))[0]).toBe(first);
    }
    alice.expectNoFaults();
  });

  it('keeps its filter, its place and the words of the search while a chat is open', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    await furnish(server);
    const alice = await openApp(server, { as: 'alice', ...PHONE });
    const { page } = alice;
    await alice.chat(nameOf(GROUPS)).waitFor();
    await press(alice, 'Groups');
    await openFar(alice, nameOf(10));
    await back(alice);
    await expect.poll(() => shown(alice), PATIENT).toContain(nameOf(10));
    expect(
      await page
        .getByRole('group', { name: 'Show' })
        .getByRole('button', { name: 'Groups', pressed: true })
        .count(),
    ).toBe(1);

    const field = page.getByPlaceholder('Search chats and messages');
    await field.fill('words of 33');
    const hit = page.getByTestId('found-message').filter({ hasText: 'words of 33' });
    await hit.first().tap();
    await alice.isOpen(nameOf(33));
    await back(alice);
    await hit.first().waitFor();
    expect(await field.inputValue()).toBe('words of 33');
    alice.expectNoFaults();
  });
});
