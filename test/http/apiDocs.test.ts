import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { sharedServer } from '../contract/support/sharedServer.js';
import { chromiumPath, launchBrowser } from '../support/browser.js';

const server = sharedServer();
let browser: Browser;
/** The renderer asks for the logo of its maker; the page's policy does not let it. */
const LOGO = /redoc\/logo-mini.* violates the following Content Security Policy/;

describe.skipIf(chromiumPath === undefined)('the pages at /docs', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test.each([
    ['/docs/', '/api/chats/create-or-get'],
    ['/docs/server.html', '/api/server/v1/conversations/direct'],
    ['/docs/events.html', 'The connection'],
  ])('%s shows its document, with nothing from other hosts and no error', async (path, text) => {
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('response', (response) => asked.push(new URL(response.url()).origin));
    page.on('console', (message) => {
      if (message.type() === 'error' && !LOGO.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${server().url}${path}`);
    await page.getByText(text).first().waitFor({ timeout: 60_000 });
    expect(complaints).toEqual([]);
    const own = new URL(server().url).origin;
    expect(asked.filter((origin) => origin !== own && origin !== 'null')).toEqual([]);
    await page.close();
  });
});
