import { expect } from 'vitest';
import { storedRecords } from './support/records.js';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('the installed app', () => {
  it('starts without a network, with the chats that it knows', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice', serviceWorkers: 'allow' });
    await alice.startChat('Bob Tanaka');
    await alice.write('before the tunnel');
    await alice.hasTick('before the tunnel', 'sent');
    const { page } = alice;
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    // The cache is written a moment later; what a page writes while it ends may be lost.
    const isStored = async () => JSON.stringify(await storedRecords(alice)).includes('before the tunnel');
    await expect.poll(isStored, PATIENT).toBe(true);
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
