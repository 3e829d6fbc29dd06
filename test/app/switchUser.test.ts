import { expect } from 'vitest';
import { until } from '../support/until.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it } from './support/windows.js';
import { Wire } from './support/wire.js';

/** Returns everything that the app's origin has stored in this browser and tab. */
const kept = async (window: AppWindow): Promise<string> =>
  JSON.stringify([
    await storedRecords(window),
    await window.page.evaluate<unknown>(`(async () => [
      Object.entries(localStorage), Object.entries(sessionStorage), await caches.keys(), document.cookie,
    ])()`),
  ]);

/** Writes `secret` to Bob, and leaves a draft of it in the field. */
async function withCachedChat(window: AppWindow, secret: string): Promise<void> {
  await window.startChat('Bob Tanaka');
  await window.write(`a ${secret}`);
  await window.hasTick(`a ${secret}`, 'sent');
  await window.composer.fill(`a draft of the ${secret}`);
  await until(async () => (await kept(window)).includes(`a ${secret}`), { what: 'the cache' });
  await expect.poll(() => kept(window), PATIENT).toContain(`a draft of the ${secret}`);
}

const isSignedIn = ({ page }: AppWindow, name: string) => page.getByTestId('me').getByText(name).waitFor();

const isConnected = ({ page }: AppWindow) =>
  page.getByTestId('offline-banner').waitFor({ state: 'detached' });

async function signOut({ page }: AppWindow): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
}

const question = ({ page }: AppWindow) => page.getByText('Sign out with unsent messages?');

describeInBrowser('switching users in the app', () => {
  it('leaves nothing of the previous user: no message, draft or token, also behind the Back button', async ({
    server,
    openApp,
  }) => {
    const window = await openApp(server, { as: 'alice' });
    const { page } = window;
    await withCachedChat(window, 'secret');
    // This change is not in the cache yet: it would be written when the page is closed.
    await window.write('one more');
    await window.hasTick('one more', 'sent');
    await window.startChat('Eva Novak');
    await signOut(window);
    await page.getByText('Choose a user').waitFor();
    expect(JSON.parse(await kept(window))).toEqual([[], [[], [], [], '']]);
    await page.goBack();
    await page.getByText('Choose a user').waitFor();
    const secrets = ['secret', 'one more', 'alice'];
    expect(await page.evaluate<string>('document.body.innerText')).not.toContain('secret');
    await page.getByRole('button', { name: 'Dan Lindqvist' }).click();
    await isSignedIn(window, 'Dan Lindqvist');
    await isConnected(window);
    const after = await kept(window);
    for (const one of secrets) expect(after).not.toContain(one);
    expect(await page.content()).not.toContain('secret');

    // The browser shows a page again as it was left: of a user who has signed out meanwhile.
    await page.evaluate(`
      sessionStorage.removeItem('parley.session');
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));`);
    await page.getByText('Choose a user').waitFor();
    window.expectNoFaults();
  });

  it('by the address leaves nothing either, and asks before unsent messages are discarded', async ({
    server,
    openApp,
  }) => {
    const wire = new Wire();
    const window = await openApp(server, { as: 'eva', prepare: (page) => wire.attach(page) });
    const { page } = window;
    await withCachedChat(window, 'riddle');
    const unavailable = { success: false, code: 'UNAVAILABLE', error: 'The database is away.' };
    wire.refuse = (event) => (event === 'sendMessage' ? unavailable : undefined);
    await window.write('not sent yet');
    await until(async () => (await kept(window)).includes('not sent yet'), { what: 'the outbox' });
    await signOut(window);
    await question(window).waitFor();
    await window.confirm('Cancel');
    await page.keyboard.press('Escape');
    await window.hasTick('not sent yet', 'sending');

    await page.goto(`${server.url}/?as=carol`);
    await question(window).waitFor();
    await window.confirm('Cancel');
    await isSignedIn(window, 'Eva Novak');
    await window.chat('Bob Tanaka').getByText('not sent yet').waitFor();
    expect(page.url()).not.toContain('carol');
    await page.goto(`${server.url}/?as=carol`);
    await question(window).waitFor();
    await window.confirm('Sign out');
    await isSignedIn(window, 'Carol Osei');
    await isConnected(window);
    const after = await kept(window);
    for (const one of ['riddle', 'not sent yet', 'eva']) expect(after).not.toContain(one);
    window.expectNoFaults();
  });

  it('in another window drops what was loaded for the first user, but not their unsent messages', async ({
    server,
    openApp,
  }) => {
    const farid = await openApp(server, { as: 'farid' });
    await withCachedChat(farid, 'puzzle');
    await farid.page.context().setOffline(true);
    await farid.write('unsent words');
    await until(async () => (await kept(farid)).includes('unsent words'), { what: 'the outbox' });
    await farid.page.close();
    const beside = await openApp(server, {
      beside: farid,
      as: 'dan',
      prepare: (page) => page.context().setOffline(false),
    });
    await isSignedIn(beside, 'Dan Lindqvist');
    await isConnected(beside);
    await until(async () => !(await kept(beside)).includes('puzzle'), { what: 'an empty cache' });
    expect(await kept(beside)).toContain('unsent words');
    await beside.page.goto(`${server.url}/?as=farid`);
    await isSignedIn(beside, 'Farid Haddad');
    await beside.openChat('Bob Tanaka');
    await beside.hasTick('unsent words', 'sent');
    beside.expectNoFaults();
  });
});
