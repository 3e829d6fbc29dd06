import type { Browser, Page } from 'playwright-core';
import { installProbe, type Scrolled } from './probe.js';
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
} from './scenarios.js';
import { startTrace, type TracedTask } from './trace.js';
import { watchVisit, type Visit } from './visit.js';

/** A server with the seeded chats, and a browser. */
export interface Site {
  browser: Browser;
  url: string;
  tokenOf: (userId: string) => string;
}

export interface Row {
  name: string;
  value: number;
  unit: string;
}

const PATIENT_MS = 300_000;

const round = (value: number): number => Math.round(value * 10) / 10;

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

interface Opened extends Site {
  userId: string;
}

/** Opens the app in a window of its own. @param prepare is called before it loads */
async function inWindow<Result>(
  { browser, url, userId, tokenOf }: Opened,
  run: (page: Page) => Promise<Result>,
  prepare: (page: Page) => Promise<unknown> = () => Promise.resolve(),
): Promise<Result> {
  const context = await browser.newContext({ viewport: TALL_WINDOW, locale: 'en-GB' });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENT_MS);
    await page.addInitScript(signedIn(userId, tokenOf(userId)));
    await prepare(page);
    await page.goto(url);
    return await run(page);
  } finally {
    await context.close();
  }
}

const nameIn = (page: Page, name: string) =>
  page.getByTestId('conversation-name').getByText(name, { exact: true });

/** Traces the tasks of what `run` does. */
async function traced<Result>(page: Page, run: () => Promise<Result>): Promise<[Result, TracedTask[]]> {
  const endTrace = await startTrace(await page.context().newCDPSession(page));
  const result = await run();
  return [result, await endTrace()];
}

const taskRows = (name: string, tasks: readonly TracedTask[]): Row[] => [
  { name: `${name}: longest task, processor time`, value: round(tasks[0]?.cpuMs ?? 0), unit: 'ms' },
  {
    name: `${name}: longest task, by the clock`,
    value: round(Math.max(...tasks.map(({ wallMs }) => wallMs))),
    unit: 'ms',
  },
  {
    name: `${name}: tasks with more than 50 ms of processor time`,
    value: tasks.filter(({ cpuMs }) => cpuMs > 50).length,
    unit: '',
  },
];

const scrollRows = (name: string, { frameMs, longestBlank, maxRows, rendered }: Scrolled): Row[] => [
  { name: `${name}: frames in a row with an uncovered part`, value: longestBlank, unit: '' },
  { name: `${name}: most rows at once`, value: maxRows, unit: '' },
  { name: `${name}: rows rendered`, value: rendered, unit: '' },
  { name: `${name}: frame p50`, value: round(quantile(frameMs, 0.5)), unit: 'ms' },
  { name: `${name}: frame p99`, value: round(quantile(frameMs, 0.99)), unit: 'ms' },
];

export const measureList = (site: Site, userId: string, count: number): Promise<Row[]> =>
  inWindow(
    { ...site, userId },
    async (page) => {
      console.log(`scrolling ${count} conversations`);
      await nameIn(page, seededName('friend-1')).waitFor();
      const [through, loading] = await traced(page, () => scrollThroughList(page, count));
      const [back, held] = await traced(page, () => flingList(page, -1));
      return [
        { name: 'scrolled to the end, with all pages', value: round(through.tookMs / 1_000), unit: 's' },
        ...scrollRows('scrolled to the end', through),
        ...taskRows('scrolled to the end', loading),
        ...scrollRows('flung back', back),
        ...taskRows('flung back', held),
      ];
    },
    installProbe,
  );

export const measureChat = (site: Site, userId: string, messages: number): Promise<Row[]> =>
  inWindow(
    { ...site, userId },
    async (page) => {
      console.log(`a chat of ${messages} messages`);
      const shown = (seq: number) =>
        page.getByTestId('message-text').getByText(seededText(seq), { exact: true });
      const open = nameIn(page, 'Ben');
      await open.waitFor();
      let openedMs = 0;
      const [up, reading] = await traced(page, async () => {
        const startedMs = performance.now();
        await open.click();
        await shown(messages).waitFor();
        openedMs = performance.now() - startedMs;
        return flingMessages(page, -1);
      });
      const watched = watchMessages(page);
      const [jumpMs, jumping] = await traced(page, () => jump(page, shown, messages));
      await stopWatching(page);
      return [
        { name: 'chat opened', value: round(openedMs), unit: 'ms' },
        ...scrollRows('scrolled up', up),
        ...taskRows('opened and scrolled up', reading),
        { name: 'jump to the first message', value: round(jumpMs.first), unit: 'ms' },
        { name: 'back to the newest', value: round(jumpMs.newest), unit: 'ms' },
        ...scrollRows('jumps', await watched),
        ...taskRows('jumps', jumping),
      ];
    },
    installProbe,
  );

async function jump(
  page: Page,
  shown: (seq: number) => { waitFor: () => Promise<void> },
  messages: number,
): Promise<{ first: number; newest: number }> {
  await page.getByRole('button', { name: 'Actions for this chat' }).click();
  await page.getByRole('menuitem', { name: 'Go to a day' }).click();
  const startedMs = performance.now();
  await page.getByRole('button', { name: 'First message' }).click();
  await shown(1).waitFor();
  const firstMs = performance.now();
  await page.getByRole('button', { name: 'Go to the newest message' }).click();
  await shown(messages).waitFor();
  const endedMs = performance.now();
  return { first: firstMs - startedMs, newest: endedMs - firstMs };
}

/** First visits, each with an empty cache, at 4G speed. The first one also compiles, in browser and server, and does not count. */
export async function measureVisit(site: Site, userId: string, visits: number): Promise<Row[]> {
  console.log(`${visits} first visits`);
  const times: number[] = [];
  const painted: number[] = [];
  let visit: Visit = { requests: [], bytes: 0, depth: 0, commands: [] };
  for (let index = 0; index < visits; index += 1) {
    await inWindow(
      { ...site, userId },
      async (page) => {
        await nameIn(page, seededName('friend-1')).waitFor();
        times.push(await page.evaluate<number>('performance.now()'));
        painted.push(
          await page.evaluate<number>(
            `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`,
          ),
        );
      },
      async (page) => {
        visit = await watchVisit(await page.context().newCDPSession(page));
      },
    );
  }
  const warm = times.slice(1);
  return [
    { name: 'first visit at 4G: first list, median', value: round(quantile(warm, 0.5)), unit: 'ms' },
    { name: 'first visit at 4G: first list, fastest', value: round(Math.min(...warm)), unit: 'ms' },
    {
      name: 'first visit at 4G: first paint, median',
      value: round(quantile(painted.slice(1), 0.5)),
      unit: 'ms',
    },
    { name: 'first visit: requests', value: visit.requests.length, unit: '' },
    { name: 'first visit: bytes over HTTP', value: Math.round(visit.bytes / 1_000), unit: 'kB' },
    { name: 'first visit: depth of requests', value: visit.depth, unit: '' },
  ];
}
