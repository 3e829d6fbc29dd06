import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { installProbe, type Scrolled } from '../../bench/app/probe.js';
import {
  flingList,
  flingMessages,
  scrollThroughList,
  seededName,
  seededText,
  signedIn,
  stopWatching,
  TALL_WINDOW,
  watchMessages,
} from '../../bench/app/scenarios.js';
import { manyChats, storeChats } from '../../bench/app/seed.js';
import { startTrace } from '../../bench/app/trace.js';
import { startServer, type TestServer } from '../support/server.js';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it, type OpenApp } from './support/windows.js';

/** A guard against hanging on a busy machine. */
const PATIENT = { timeout: 240_000 };
const CONVERSATIONS = 10_000;
const MESSAGES = 100_000;
/** Processor time of the longest task that is allowed, in ms. What it takes by the clock depends on the other work of the machine. */
const MAX_TASK_MS = 100;
/** Frames that may be painted before the rows of a place are there. */
const MAX_BLANK_FRAMES = 2;

async function openLarge(openApp: OpenApp, server: TestServer): Promise<AppWindow> {
  const window = await openApp(server, {
    viewport: TALL_WINDOW,
    prepare: async (page: Page) => {
      await installProbe(page);
      await page.addInitScript(signedIn('ann', server.token('ann')));
    },
  });
  window.page.setDefaultTimeout(PATIENT.timeout);
  return window;
}

const names = (count: number, nameOf: (number: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => nameOf(index + 1)).sort();

/** Expects that a list was whole and in order in each frame, with a bounded number of rows. */
function expectWhole(scrolled: Scrolled, maxRows: number): void {
  expect(scrolled.longestBlank).toBeLessThanOrEqual(MAX_BLANK_FRAMES);
  expect(scrolled.disordered).toBe(0);
  expect(scrolled.maxRows).toBeLessThan(maxRows);
}

describeInBrowser('much data in the app', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    const long = { users: ['ann', 'ben'] as const, messages: MESSAGES, endsAt: Date.now() };
    await storeChats(server.app.models.messages.model.db, [long, ...manyChats('ann', CONVERSATIONS - 1)]);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  it(
    '10,000 conversations scroll without blank rows and without long tasks',
    PATIENT,
    async ({ openApp }) => {
      const ann = await openLarge(openApp, server);
      await ann.chat(seededName('friend-1')).waitFor();
      const endTrace = await startTrace(await ann.page.context().newCDPSession(ann.page));
      const through = await scrollThroughList(ann.page, CONVERSATIONS);
      const back = await flingList(ann.page, -1);
      const [longest] = await endTrace();
      const friends = names(CONVERSATIONS - 1, (number) => seededName(`friend-${number}`));
      expect(through.seen.filter((name) => name !== 'Ben').sort()).toEqual(friends);
      expectWhole(through, 60);
      expectWhole(back, 60);
      // Each row is drawn when it comes into sight, and not again because others come.
      expect(through.rendered).toBeLessThan(CONVERSATIONS * 1.5);
      expect(longest?.cpuMs).toBeLessThan(MAX_TASK_MS);
      ann.expectNoFaults();
    },
  );

  it(
    'in a chat of 100,000 messages one goes to the first and back to the newest',
    PATIENT,
    async ({ openApp }) => {
      const ann = await openLarge(openApp, server);
      await ann.chat('Ben').waitFor();
      const endTrace = await startTrace(await ann.page.context().newCDPSession(ann.page));
      await ann.openChat('Ben');
      await ann.messages(seededText(MESSAGES)).waitFor();
      // First: what lies between the newest messages and a jump's target is a gap, which scrolling may pass before it is filled.
      const up = await flingMessages(ann.page, -1);
      const watched = watchMessages(ann.page);
      await ann.page.getByRole('button', { name: 'Actions for this chat' }).click();
      await ann.page.getByRole('menuitem', { name: 'Go to a day' }).click();
      await ann.page.getByRole('button', { name: 'First message' }).click();
      await ann.messages(seededText(1)).waitFor();
      await ann.page.getByRole('button', { name: 'Go to the newest message' }).click();
      await ann.messages(seededText(MESSAGES)).waitFor();
      await stopWatching(ann.page);
      const jumps = await watched;
      const [longest] = await endTrace();
      for (const scrolled of [up, jumps]) expectWhole(scrolled, 120);
      // Pages were loaded on the way.
      expect(up.seen).toContain(seededText(MESSAGES - 100));
      for (const number of [1, 2, 3, MESSAGES]) expect(jumps.seen).toContain(seededText(number));
      expect(longest?.cpuMs).toBeLessThan(MAX_TASK_MS);
      ann.expectNoFaults();
    },
  );
});
