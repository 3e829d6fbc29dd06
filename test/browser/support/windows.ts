import { describe, it as base } from 'vitest';
import { startServer, type TestServer } from '../../support/server.js';
import { chromiumPath, launchBrowser, openWindow, type ChatWindow, type WindowOptions } from './browser.js';

/** Opens a window on a server's page. It is closed at the end of the test. */
export type OpenWindow = (server: TestServer, options?: WindowOptions) => Promise<ChatWindow>;

/** Describes tests of the page; skipped if the machine has no browser. */
export const describeInBrowser = (name: string, tests: () => void): void =>
  void describe.skipIf(chromiumPath === undefined)(name, { timeout: 90_000 }, tests);

/**
 * A test of the page with fixtures: `open` opens a window of the one browser of this worker; `server` is shared by the tests of the file and has the demo
 * users; `bob` is a connected client of one of them. A test that stops its server or counts stored data starts its own.
 */
export const it = base
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startServer({ demo: true });
    onCleanup(() => server[Symbol.asyncDispose]());
    return server;
  })
  .extend('bob', { scope: 'file' }, ({ server }) => server.connectAs('bob'))
  .extend('open', ({ browser }, { onCleanup }): OpenWindow => {
    onCleanup(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
    });
    return (server, options) => openWindow(browser, server, options);
  });
