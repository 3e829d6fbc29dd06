import { expect } from 'vitest';
import type { TestServer } from '../support/server.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it as base, type OpenApp } from './support/windows.js';

const MANY = 200;
const LINKED = 50;

const text = (index: number): string => `message ${index}`;

/** Writes a history with Bob, and opens a window whose device has the end of it. @returns also the address of an old message */
async function openedBefore(server: TestServer, openApp: OpenApp, as: string) {
  const bob = await server.connectAs('bob');
  const id = await bob.open(as);
  await Promise.all(Array.from({ length: MANY }, (_, index) => bob.send(id, text(index + 1))));
  const phone = await server.connectAs(as);
  await phone.ok('message:read', { conversationId: id, seq: MANY });
  const window = await openApp(server, { as, serviceWorkers: 'allow' });
  await window.openChat('Bob Tanaka');
  await window.messages(text(MANY)).waitFor();
  await window.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  const isStored = async () => JSON.stringify(await storedRecords(window)).includes(text(MANY));
  await expect.poll(isStored, PATIENT).toBe(true);
  return { window, address: `#/c/${id}/${LINKED}` };
}

const it = base.extend(
  'opened',
  ({ server, openApp }) =>
    (as: string) =>
      openedBefore(server, openApp, as),
);

const notice = ({ page }: AppWindow) => page.getByRole('status').getByText(/There is no connection/);
const banner = ({ page }: AppWindow) => page.getByTestId('offline-banner');

/** Keeps every notice that the page shows from its next loading on. */
const keepNotices = `globalThis.notices = [];
setInterval(() => {
  for (const { textContent } of document.querySelectorAll('[role=status]'))
    if (textContent !== '' && !notices.includes(textContent)) notices.push(textContent);
}, 20);`;

describeInBrowser('the address of a message', () => {
  it('leads to it when the app starts there, without a notice', async ({ opened, server }) => {
    const { window, address } = await opened('alice');
    const { page } = window;
    await page.addInitScript(keepNotices);
    await page.goto('about:blank');
    await page.goto(`${server.url}/?as=alice${address}`);
    await window.messages(text(LINKED)).waitFor();
    await page.reload();
    await window.messages(text(LINKED)).waitFor();
    expect(await page.evaluate<string[]>('notices')).not.toContainEqual(expect.stringMatching(/connection/));
    window.expectNoFaults();
  });

  it('waits for the connection when there is none', async ({ opened, server }) => {
    const { window, address } = await opened('carol');
    const { page } = window;
    await page.context().setOffline(true);
    await page.goto('about:blank');
    await page.goto(`${server.url}/${address.replace(/\/\d+$/, '')}`);
    await window.messages(text(MANY)).waitFor();
    await banner(window).waitFor();
    // A message that the device has needs no connection.
    await page.evaluate(`location.hash = '${address.replace(/\d+$/, String(MANY - 20))}'`);
    await expect.poll(() => window.messages(text(MANY - 20)).isVisible(), PATIENT).toBe(true);
    expect(await notice(window).count()).toBe(0);
    await page.evaluate(`location.hash = '${address}'`);
    await notice(window).waitFor();
    await page.context().setOffline(false);
    await window.messages(text(LINKED)).waitFor();
    window.expectNoFaults();
  });

  it('is forgotten when the user reads on without a connection', async ({ opened }) => {
    const { window, address } = await opened('dan');
    const { page } = window;
    await page.context().setOffline(true);
    await banner(window).waitFor();
    await page.evaluate(`location.hash = '${address}'`);
    await notice(window).waitFor();
    await page.getByRole('log').hover();
    await page.mouse.wheel(0, -100);
    await page.context().setOffline(false);
    await banner(window).waitFor({ state: 'detached' });
    await window.write('back again');
    await window.hasTick('back again', 'sent');
    await window.messages('back again').waitFor();
    expect(await window.messages(text(LINKED)).count()).toBe(0);
    window.expectNoFaults();
  });
});
