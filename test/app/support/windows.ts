import { it as base } from '../../browser/support/windows.js';
import type { WindowOptions } from '../../browser/support/browser.js';
import type { TestServer } from '../../support/server.js';
import { openApp, type AppWindow } from './appWindow.js';

export { describeInBrowser } from '../../browser/support/windows.js';

/** Opens a window on a server's app. It is closed at the end of the test. */
export type OpenApp = (server: TestServer, options?: Omit<WindowOptions, 'beside'>) => Promise<AppWindow>;

/** A test of the app, with the fixtures of tests of the page. */
export const it = base.extend('openApp', ({ browser }, { onCleanup }): OpenApp => {
  onCleanup(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  return (server, options) => openApp(browser, server, options);
});
