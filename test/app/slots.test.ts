import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'vite';
import { expect, onTestFinished } from 'vitest';
import { startServer } from '../support/server.js';
import { describeInBrowser, it } from './support/windows.js';

/** Bundles the page as the app is bundled. */
async function bundle(): Promise<string> {
  const output = await build({
    configFile: 'app/vite.config.mjs',
    logLevel: 'error',
    build: {
      write: false,
      sourcemap: false,
      rolldownOptions: {
        input: new URL('page/slots.tsx', import.meta.url).pathname,
        output: { codeSplitting: false },
      },
    },
  });
  const [result] = [output].flat();
  if (result === undefined || !('output' in result)) throw new Error('nothing was bundled');
  return result.output[0].code;
}

/** Serves the page from an address of its own, as an app does. */
async function servePage(script: string): Promise<string> {
  const http = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><body><script src="/page.js" type="module"></script>');
  });
  onTestFinished(() => void http.close());
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}

describeInBrowser('an app of its own with the components', () => {
  it('replaces parts, texts and colours; a new message draws one row', async ({ browser }) => {
    await using server = await startServer({ env: { CORS_ORIGINS: '*' } });
    const bob = await server.connectAs('bob');
    const conversationId = await bob.open('alice');
    for (const text of ['one', 'two', 'three']) await bob.send(conversationId, text);
    await bob.ok('sendMessage', {
      conversationId,
      clientMessageId: crypto.randomUUID(),
      card: { kind: 'product', title: 'Rope' },
    });
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const address = await servePage(await bundle());
    await page.goto(`${address}#|${server.url}|${server.token('alice')}|${conversationId}`);
    await page.getByText('Offer: Rope').waitFor();
    await page.getByPlaceholder('Write to').waitFor();
    expect(await page.getByTestId('own-bubble').count()).toBe(4);
    expect(await page.getByTestId('own-day').textContent()).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    const drawn = () => page.evaluate<Record<string, number>>('({ ...drawn })');
    await bob.send(conversationId, 'settles');
    await page.getByText('settles').waitFor();
    const before = await drawn();
    await bob.send(conversationId, 'news');
    await page.getByText('news').waitFor();
    const { news, ...others } = await drawn();
    expect(news).toBeGreaterThan(0);
    expect(others).toEqual(before);
    // In React's strict mode, which templates of apps switch on, menus and dialogs are drawn, too.
    await page.getByRole('button', { name: 'Actions for this chat' }).click();
    await page.getByRole('menuitem', { name: 'Mute' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '1 hour' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
