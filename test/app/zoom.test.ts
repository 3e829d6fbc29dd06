import { afterAll, beforeAll, expect } from 'vitest';
import { ar as arApp } from '../../app/src/texts/ar.js';
import { ar } from '../../packages/ui/src/texts/ar.js';
import { startServer, type TestServer } from '../support/server.js';
import { seriousFindings } from './support/axe.js';
import { outOfReach } from './support/reflow.js';
import { ENGLISH, furnish, walkThrough } from './support/screens.js';
import { describeInBrowser, it } from './support/windows.js';

const ARABIC = { ui: ar, app: arApp };

describeInBrowser('every screen, dialog and menu of the app', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ demo: true });
    await furnish(server);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  it.for([
    [
      'at 200 % zoom, light',
      { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
      'light',
      ENGLISH,
    ],
    ['at 400 % zoom, dark', { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 }, 'dark', ENGLISH],
    [
      'in Arabic, at 200 % zoom, dark',
      { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, locale: 'ar' },
      'dark',
      ARABIC,
    ],
    [
      'in Arabic, at 400 % zoom, light',
      { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4, locale: 'ar' },
      'light',
      ARABIC,
    ],
    ['in a wide window, dark', { viewport: { width: 1100, height: 760 } }, 'dark', ENGLISH],
  ] as const)(
    '%s: all of it can be reached and read, and axe-core finds nothing serious',
    async ([, options, colorScheme, texts], { openApp }) => {
      const found: string[] = [];
      await walkThrough(server, openApp, {
        ...options,
        colorScheme,
        texts,
        visit: async (screen, window) => {
          found.push(...(await outOfReach(window)).map((one) => `${screen}: ${one}`));
          found.push(...(await seriousFindings(window)).map((one) => `${screen}: ${one}`));
        },
      });
      expect(found).toEqual([]);
    },
  );
});
