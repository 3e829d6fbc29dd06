import { describe, it as base } from 'vitest';
import { chromiumPath, launchBrowser } from '../../support/browser.js';
import { startServer, type TestServer } from '../../support/server.js';
import { openApp, type AppWindow, type WindowOptions } from './appWindow.js';

/** Opens a window on a server's app. It is closed at the end of the test. */
export type OpenApp = (server: TestServer, options?: WindowOptions) => Promise<AppWindow>;

/** Describes tests of the app; skipped if the machine has no browser. */
export const describeInBrowser = (name: string, tests: () => void): void =>
  void describe.skipIf(chromiumPath === undefined)(name, { timeout: 90_000 }, tests);

/**
 * A test of the app with fixtures: `openApp` opens a window of the one browser of this worker; `server` is shared by the tests of
 * the file and has the demo users; `bob` is a connected client of one of them. A test that stops its server or counts stored
 * data starts its own.
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
  .extend('openApp', ({ browser, task }, { onCleanup }): OpenApp => {
    const windows: AppWindow[] = [];
    onCleanup(async () => {
      if (task.result?.state === 'fail') await Promise.all(windows.map(printWindow));
      await Promise.all(browser.contexts().map((context) => context.close()));
    });
    return async (server, options) => {
      const window = await openApp(browser, server, options);
      windows.push(window);
      return window;
    };
  });

/** Prints what a window of a failed test shows, as a screen reader has it: a failure on a busy machine may not come again. */
async function printWindow({ page, complaints }: AppWindow): Promise<void> {
  if (page.isClosed()) return;
  const shown = await page.locator('body').ariaSnapshot({ timeout: 5_000 }).catch(String);
  console.log([page.url(), ...complaints, shown].join('\n'));
}
