import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storageConformanceTests } from '../../../packages/client/src/storage/conformance.js';
import { chromiumPath, launchBrowser } from '../../support/browser.js';
import { bundle } from '../support/bundle.js';

describe.skipIf(chromiumPath === undefined)('IndexedDB storage in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let results: Record<string, string>;
  let script: string;
  // Storage needs an origin.
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Storage</title>');
  });

  const newPage = async (): Promise<Page> => {
    const opened = await context.newPage();
    await opened.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await opened.addScriptTag({ content: script });
    return opened;
  };
  const runInPage = (test: string, where = page): Promise<unknown> =>
    where.evaluate(`globalThis.tests.${test}()`);

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, resolve));
    [browser, script] = await Promise.all([launchBrowser(), bundle('test/client/page/indexedDb.ts', 'page')]);
    context = await browser.newContext();
    page = await newPage();
    results = (await runInPage('runAll')) as Record<string, string>;
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  for (const { name } of storageConformanceTests)
    it(name, () => {
      expect(results[name]).toBe('passed');
    });

  it('gives way to a newer version of the app, and then refuses instead of waiting', async () => {
    expect(await runInPage('upgradeBeside')).toEqual(['rejected']);
  });

  it('goes on with an empty database when the user has removed the data of the site', async () => {
    expect(await runInPage('deletedMeanwhile')).toEqual(['again']);
  });

  it('rejects where the browser refuses storage, and tries again with the next call', async () => {
    expect(await runInPage('refusedAtFirst')).toEqual([
      'A mutation operation was attempted on a database that did not allow mutations.',
      'opened',
    ]);
  });

  it('a page that ends in the middle of a write leaves all of it or nothing', async () => {
    const killed = await newPage();
    await runInPage('writeForever', killed);
    await killed.waitForFunction('globalThis.progress.acknowledged >= 5');
    const acknowledged = Number(await killed.evaluate('globalThis.progress.acknowledged'));
    await killed.close();
    const values = (await runInPage('readKilled')) as string[];
    expect(values).toHaveLength(50);
    expect(new Set(values).size).toBe(1);
    expect(Number(values[0])).toBeGreaterThanOrEqual(acknowledged);
  });

  it('what is written while the page is left is there when it is loaded again', async () => {
    const left = await newPage();
    for (const round of Array.from({ length: 10 }, (_, index) => `${index}`)) {
      await left.evaluate(`globalThis.tests.writeWhenLeft(${JSON.stringify(round)})`);
      await left.reload();
      await left.addScriptTag({ content: script });
      const values = (await runInPage('readLeft', left)) as string[];
      expect(values).toHaveLength(50);
      expect(new Set(values)).toEqual(new Set([round]));
    }
    await left.close();
  });
});
