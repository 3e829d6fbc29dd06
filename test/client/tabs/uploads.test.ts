import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser } from '../../support/browser.js';
import type { TestClient } from '../../support/client.js';
import { startServer, type TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { bundle } from '../support/bundle.js';

interface Upload {
  id: string;
  status: string;
  sentBytes: number;
  isDraft: boolean;
}

const FILES = '**/files/**';

describe.skipIf(chromiumPath === undefined)('files in the tabs of a browser', () => {
  let server: TestServer;
  let browser: Browser;
  let context: BrowserContext;
  let script: string;
  let bob: TestClient;
  let conversationId: string;
  let userId: string;
  let users = 0;

  const call = <Result>(page: Page, name: string, ...args: unknown[]): Promise<Result> =>
    page.evaluate(`globalThis.tab.${name}(...${JSON.stringify(args)})`);
  const uploads = (page: Page) => call<Upload[]>(page, 'uploads');

  async function load(page: Page): Promise<void> {
    await page.goto(`${server.url}/health`);
    await page.evaluate(script);
    await call(page, 'start', userId, server.token(userId));
    await until(async () => (await call(page, 'status')) === 'online', { what: 'tab online' });
    await call(page, 'openConversation', conversationId);
  }

  async function openTab(): Promise<{ page: Page; puts: Request[] }> {
    const page = await context.newPage();
    const puts: Request[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') puts.push(request);
    });
    await load(page);
    return { page, puts };
  }

  const arrived = async (): Promise<string[]> => {
    const { messages } = await bob.ok('getMessages', { conversationId });
    return messages.flatMap((entry) =>
      entry.kind === 'file' ? [`${entry.content} ${entry.attachments[0]?.sizeBytes ?? 0}`] : [],
    );
  };

  beforeAll(async () => {
    [server, browser, script] = await Promise.all([
      startServer(),
      launchBrowser(),
      bundle('test/client/page/tabs.ts', 'page'),
    ]);
    bob = await server.connectAs('bob');
  });
  beforeEach(async () => {
    context = await browser.newContext();
    userId = `ada-${(users += 1)}`;
    conversationId = await bob.open(userId);
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  it('go through the tab that leads, and all tabs show how far they are', async () => {
    const leader = await openTab();
    const other = await openTab();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await leader.page.route(FILES, async (route) => {
      await held;
      await route.continue();
    });
    await call(other.page, 'addFile', conversationId, { sizeBytes: 999, text: 'from the other' });
    await until(async () => (await uploads(other.page))[0]?.status === 'uploading');
    expect(await uploads(leader.page)).toMatchObject([{ status: 'uploading', isDraft: false }]);
    release();
    await until(async () => (await arrived()).length === 1);
    expect(await arrived()).toEqual(['from the other 999']);
    expect([leader.puts.length, other.puts.length]).toEqual([1, 0]);
    for (const { page } of [leader, other]) await until(async () => (await uploads(page)).length === 0);
    await until(async () => (await call(other.page, 'storedFiles')) === 0);
  });

  it('are taken over by another tab when the one that leads is closed', async () => {
    const leader = await openTab();
    const other = await openTab();
    await leader.page.route(FILES, () => undefined);
    await call(leader.page, 'addFile', conversationId, { sizeBytes: 1_234, text: 'taken over' });
    await until(() => leader.puts.length === 1);
    await leader.page.close();
    await until(async () => (await arrived()).length === 1);
    expect(await arrived()).toEqual(['taken over 1234']);
    expect(other.puts).toHaveLength(1);
  });

  it('are cancelled in any tab', async () => {
    const leader = await openTab();
    const other = await openTab();
    await leader.page.route(FILES, () => undefined);
    const id = await call<string>(leader.page, 'addFile', conversationId, { sizeBytes: 99 });
    await until(() => leader.puts.length === 1);
    await until(async () => (await uploads(other.page)).length === 1);
    await call(leader.page, 'sendFile', conversationId, 'with a caption', [id]);
    await call(other.page, 'cancelUpload', id);
    for (const { page } of [leader, other]) await until(async () => (await uploads(page)).length === 0);
    await until(() => leader.puts[0]?.failure() !== null);
    // The message goes without it.
    await until(
      async () =>
        (await call<{ pending: string[] }>(leader.page, 'shown', conversationId)).pending.length === 0,
    );
    expect((await call<{ stored: string[] }>(other.page, 'shown', conversationId)).stored).toEqual([
      'with a caption',
    ]);
    await until(async () => (await call(other.page, 'storedFiles')) === 0);
  });

  it('go on after a reload, with the bytes that the browser has stored', async () => {
    const { page, puts } = await openTab();
    await page.route(FILES, () => undefined);
    const sizeBytes = 8 * 1024 * 1024 + 5;
    await call(page, 'addFile', conversationId, { sizeBytes, text: 'reloaded' });
    await until(() => puts.length > 0);
    await page.unroute(FILES);
    await load(page);
    await until(async () => (await arrived()).length === 1);
    expect(await arrived()).toEqual([`reloaded ${sizeBytes}`]);
  });
});
