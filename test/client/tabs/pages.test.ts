import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser } from '../../support/browser.js';
import { startServer, type TestServer } from '../../support/server.js';
import type { TestClient } from '../../support/client.js';
import { until } from '../../support/until.js';
import { bundle } from '../support/bundle.js';

interface Shown {
  stored: string[];
  pending: string[];
}

describe.skipIf(chromiumPath === undefined)('tabs of a browser', () => {
  let server: TestServer;
  let browser: Browser;
  let context: BrowserContext;
  let script: string;
  let bob: TestClient;
  let conversationId: string;

  const call = <Result>(page: Page, name: string, ...args: unknown[]): Promise<Result> =>
    page.evaluate(`globalThis.tab.${name}(...${JSON.stringify(args)})`);
  const shown = (page: Page) => call<Shown>(page, 'shown', conversationId);
  const texts = async (page: Page) => (await shown(page)).stored;

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${server.url}/health`);
    await page.evaluate(script);
    await call(page, 'start', 'ada', server.token('ada'));
    await until(async () => (await call(page, 'status')) === 'online', { what: 'tab online' });
    await call(page, 'openConversation', conversationId);
    return page;
  }

  beforeAll(async () => {
    [server, browser, script] = await Promise.all([
      startServer(),
      launchBrowser(),
      bundle('test/client/page/tabs.ts', 'page'),
    ]);
    context = await browser.newContext();
    bob = await server.connectAs('bob');
    conversationId = await bob.open('ada');
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  it('share a socket, show and send the same, and go on when the one that holds it is closed', async () => {
    const first = await openTab();
    const second = await openTab();
    // Bob's, and one for both tabs.
    expect(await server.metric('parley_open_sockets')).toBe(2);
    expect(await second.evaluate('globalThis.state.tokenCalls')).toBe(0);

    await bob.send(conversationId, 'from bob');
    for (const page of [first, second]) await until(async () => (await texts(page)).includes('from bob'));
    await call(second, 'send', conversationId, ['from the second tab']);
    for (const page of [first, second])
      await until(async () => {
        expect(await shown(page)).toEqual({ stored: ['from bob', 'from the second tab'], pending: [] });
        return true;
      });

    const many = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    await call(second, 'send', conversationId, many);
    await first.close();
    const all = ['from bob', 'from the second tab', ...many];
    await until(async () => {
      expect(await shown(second)).toEqual({ stored: all, pending: [] });
      return true;
    });
    await until(async () => (await server.metric('parley_open_sockets')) === 2);

    const third = await openTab();
    await until(async () => {
      expect(await texts(third)).toEqual(all);
      return true;
    });
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toEqual(all);
    for (const page of [second, third]) expect(await page.evaluate('globalThis.state.problems')).toEqual([]);
    expect(await second.evaluate('globalThis.state.received')).toEqual(['from bob']);
  });
});
