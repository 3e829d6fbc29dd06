import { expect } from 'vitest';
import { startServer } from '../support/server.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it } from './support/windows.js';

/** Waits until the app would start without a network, and knows this text: what a page writes while it ends may be lost. */
async function isReadyFor(window: AppWindow, text: string): Promise<void> {
  await window.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  await expect.poll(async () => JSON.stringify(await storedRecords(window)), PATIENT).toContain(text);
}

describeInBrowser('the installed app', () => {
  it('starts without a network, with the chats that it knows', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice', serviceWorkers: 'allow' });
    await alice.startChat('Bob Tanaka');
    await alice.write('before the tunnel');
    await alice.hasTick('before the tunnel', 'sent');
    const { page } = alice;
    await isReadyFor(alice, 'before the tunnel');
    await page.context().setOffline(true);
    await page.reload();
    await alice.messages('before the tunnel').waitFor();
    await alice.write('in the tunnel');
    await alice.hasTick('in the tunnel', 'sending');
    await page.context().setOffline(false);
    await alice.hasTick('in the tunnel', 'sent');
    alice.expectNoFaults();
    // The service worker answers for the app alone.
    await page.goto(`${server.url}/docs/`);
    expect(await page.title()).not.toBe('Parley');
  });

  it('names the matches that it knows without a network, and offers everybody when it is back', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true, demoChats: true });
    const alice = await openApp(server, { as: 'alice', serviceWorkers: 'allow' });
    const { page } = alice;
    await page.getByTestId('match').getByText('Carol Osei').waitFor();
    await isReadyFor(alice, 'Carol Osei');
    await page.context().setOffline(true);
    await page.reload();
    const matches = page.getByTestId('match');
    await expect
      .poll(async () => (await matches.allTextContents()).sort(), PATIENT)
      .toEqual([expect.stringContaining('Carol Osei'), expect.stringContaining('Dan Lindqvist')]);
    const find = page.getByRole('button', { name: 'Find matches' });
    await find.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('There is no connection.').waitFor();
    await page.context().setOffline(false);
    await dialog.getByRole('button', { name: /^Like .*Bob Tanaka/ }).waitFor();
    await page.keyboard.press('Escape');
    await alice.startChat('Bob Tanaka');
    alice.expectNoFaults();
  });

  it('can be installed: a manifest with icons, all of them served', async ({ server, openApp }) => {
    const { page } = await openApp(server, { as: 'alice' });
    const path = await page.locator('link[rel=manifest]').getAttribute('href');
    const href = new URL(path ?? '', page.url());
    const manifest = (await (await fetch(href)).json()) as { display: string; icons: { src: string }[] };
    expect(manifest.display).toBe('standalone');
    for (const { src } of manifest.icons) expect((await fetch(new URL(src, href))).status).toBe(200);
  });

  it('is sent compressed', async ({ server }) => {
    const page = await fetch(`${server.url}/`);
    const [, script = ''] = /src="([^"]*\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    const answer = await fetch(new URL(script, page.url), { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    const api = await fetch(`${server.url}/api/openapi.json`, { headers: { 'accept-encoding': 'gzip' } });
    expect(api.headers.get('content-encoding')).toBeNull();
  });
});
