import { expect, onTestFinished } from 'vitest';
import { startServer } from '../support/server.js';
import { servePage } from './support/ownPage.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('components whose connection has ended', () => {
  it('show what there is, and do not spin', async ({ browser }) => {
    await using server = await startServer({ env: { CORS_ORIGINS: '*' } });
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${await servePage('ended.tsx')}#${server.url}`);
    await page.getByTestId('offline-banner').waitFor();
    await page.getByText('No conversations yet').waitFor();
    await page.getByTestId('chat').getByText('The messages could not be loaded.').waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(0);
  });
});
