import { expect, onTestFinished } from 'vitest';
import { startServer } from '../support/server.js';
import { servePage } from './support/ownPage.js';
import { describeInBrowser, it } from './support/windows.js';
import { Wire } from './support/wire.js';

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
    const address = await servePage('slots.tsx');
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

  it('without uploads of the SDK, shows why a message was refused', async ({ browser }) => {
    await using server = await startServer({ env: { CORS_ORIGINS: '*' } });
    const bob = await server.connectAs('bob');
    const conversationId = await bob.open('alice');
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const wire = new Wire();
    await wire.attach(page);
    wire.refuse = (event) =>
      event === 'sendMessage' ? { success: false, code: 'BLOCKED', error: 'refused by the test' } : undefined;
    const address = await servePage('slots.tsx');
    await page.goto(`${address}#|${server.url}|${server.token('alice')}|${conversationId}`);
    await page.getByPlaceholder('Write to').fill('refused');
    await page.keyboard.press('Enter');
    await page.getByText('Not sent: This person cannot be written to.').waitFor();
  });
});
