import { expect } from 'vitest';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { ChatWindow } from './support/browser.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it } from './support/windows.js';

/** Returns everything that the page's origin has stored in this browser and tab. */
const kept = async (window: ChatWindow): Promise<string> =>
  JSON.stringify([
    await storedRecords(window),
    await window.page.evaluate<unknown>(`(async () => [
      Object.entries(localStorage), Object.entries(sessionStorage), await caches.keys(), document.cookie,
    ])()`),
  ]);

/** Opens a window of Alice with a cached chat and a draft. */
async function withCachedChat(window: ChatWindow): Promise<void> {
  await window.startChat('Bob Tanaka');
  await window.write('a secret');
  await window.messages('a secret').and(window.page.locator('.sent')).waitFor();
  await window.composer.fill('a draft');
  await until(async () => (await kept(window)).includes('a secret'), { what: 'the cache' });
  expect(await kept(window)).toContain('a draft');
}

describeInBrowser('switching users', () => {
  it('leaves nothing of the previous user: no message, draft or token', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const window = await open(server, { as: 'alice' });
    await withCachedChat(window);
    // This change is not in the cache yet: it would be written when the page is closed.
    await window.write('one more');
    await window.messages('one more').and(window.page.locator('.sent')).waitFor();
    await window.page.getByRole('button', { name: 'Switch user' }).click();
    await window.page.getByRole('button', { name: 'Dan Lindqvist' }).waitFor();
    expect(JSON.parse(await kept(window))).toEqual([[], [[], [], [], '']]);
    await window.page.getByRole('button', { name: 'Dan Lindqvist' }).click();
    await window.page.locator('.me', { hasText: 'Dan Lindqvist' }).waitFor();
    await window.banner.waitFor({ state: 'hidden' });
    const after = await kept(window);
    for (const secret of ['a secret', 'one more', 'a draft', 'alice']) expect(after).not.toContain(secret);
    expect(await window.page.content()).not.toContain('a secret');
    expect(window.complaints).toEqual([]);
  });

  it('by the address leaves nothing either', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const window = await open(server, { as: 'alice' });
    await withCachedChat(window);
    await window.page.goto(`${server.url}/?as=carol`);
    await window.page.locator('.me', { hasText: 'Carol Osei' }).waitFor();
    await window.banner.waitFor({ state: 'hidden' });
    const after = await kept(window);
    for (const secret of ['a secret', 'a draft', 'alice']) expect(after).not.toContain(secret);
  });

  it('asks before unsent messages are discarded', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const window = await open(server, { as: 'alice' });
    await window.startChat('Bob Tanaka');
    await window.page.context().setOffline(true);
    await window.write('not sent yet');
    await window.messages('not sent yet').and(window.page.locator('.sending')).waitFor();
    await window.page.getByRole('button', { name: 'Switch user' }).click();
    await window.page.getByRole('dialog').getByText('Leave with an unsent message?').waitFor();
    await window.confirm('Cancel');
    await window.page.context().setOffline(false);
    await window.messages('not sent yet').and(window.page.locator('.sent')).waitFor();
  });

  it('in another window drops what was loaded for the first user, but not their unsent messages', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await open(server, { as: 'alice' });
    await withCachedChat(alice);
    await alice.page.context().setOffline(true);
    await alice.write('unsent words');
    await until(async () => (await kept(alice)).includes('unsent words'), { what: 'the outbox' });
    await alice.page.close();
    const beside = await open(server, {
      beside: alice,
      prepare: (page) => page.context().setOffline(false),
    });
    await beside.page.getByRole('button', { name: 'Dan Lindqvist' }).click();
    await beside.page.locator('.me', { hasText: 'Dan Lindqvist' }).waitFor();
    await beside.banner.waitFor({ state: 'hidden' });
    const after = await kept(beside);
    expect(after).not.toContain('a secret');
    expect(after).toContain('unsent words');
  });
});
