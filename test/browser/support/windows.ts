import { describe, it as base } from 'vitest';
import { startServer, type TestServer } from '../../support/server.js';
import { chromiumPath, launchBrowser, openWindow, type ChatWindow, type WindowOptions } from './browser.js';

/** Opens a window on a server's page; it is closed behind the test. */
export type OpenWindow = (server: TestServer, options?: WindowOptions) => Promise<ChatWindow>;

/** What tests of the page run in; left out where the machine has no browser. */
export const describeInBrowser = (name: string, tests: () => void): void =>
  void describe.skipIf(chromiumPath === undefined)(name, { timeout: 90_000 }, tests);

/**
 * A test of the page. It takes what it names: `open` a window; `server`, with the demo's people, that the tests of the
 * file share; `bob`, one of them, connected to it. A test that stops its server or counts what is there starts one of its own.
 */
export const it = base
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
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
