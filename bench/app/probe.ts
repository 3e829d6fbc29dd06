/**
 * Measures a list inside a page: long tasks, frames in which a part of the visible area had no rows, and rows rendered by React.
 * The scripts are texts, because the compiler knows no page here.
 */

/** The parts of a page of Playwright that the probe uses. */
export interface ProbedPage {
  addInitScript: (script: string) => Promise<unknown>;
  evaluate: <Result>(script: string) => Promise<Result>;
}

/** Facts about what happened while a list was scrolled. */
export interface Scrolled {
  frames: number;
  /** Frames that were painted with an uncovered part of the list. */
  blankFrames: number;
  /** Longest run of such frames: how long a blank was seen. */
  longestBlank: number;
  /** Height of the largest uncovered part in CSS pixels. */
  maxBlankPx: number;
  /** Most rows that existed at once. */
  maxRows: number;
  /** Names of the rows that were in sight. */
  seen: string[];
  /** Frames in which the numbers in the names of the rows in sight did not rise from top to bottom. */
  disordered: number;
  /** Duration of each task of more than 50 ms, in ms. */
  longTasks: number[];
  /** Milliseconds of each frame. */
  frameMs: number[];
  commits: number;
  /** Rows that React rendered. */
  rendered: number;
  tookMs: number;
}

/**
 * Counts what React does, by the hook for its developer tools, which builds for production call, too. A row counts as rendered
 * when the element with its test id got new properties.
 */
const HOOK = `(() => {
  const counts = (globalThis.parleyCounts = { isOn: false, commits: 0, rendered: 0, testId: '' });
  const visit = (fiber) => {
    for (let one = fiber; one !== null; one = one.sibling) {
      const before = one.alternate;
      // React reuses a whole subtree in which nothing has changed.
      const isNew = before === null || before.memoizedProps !== one.memoizedProps;
      if (isNew && typeof one.type === 'string' && one.memoizedProps?.['data-testid'] === counts.testId) counts.rendered += 1;
      else if (before === null || before.child !== one.child) visit(one.child);
    }
  };
  globalThis.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    isDisabled: false,
    supportsFiber: true,
    renderers: new Map(),
    inject: () => 1,
    onCommitFiberUnmount: () => undefined,
    onPostCommitFiberRoot: () => undefined,
    onCommitFiberRoot: (id, root) => {
      if (!counts.isOn) return;
      counts.commits += 1;
      visit(root.current.child);
    },
  };
})()`;

const PROBE = `(() => {
  const longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask' });

  const scrollerOf = (testId) => {
    let element = document.querySelector('[data-testid="' + testId + '"]');
    while (element !== null && !/auto|scroll/.test(getComputedStyle(element).overflowY)) element = element.parentElement;
    return element;
  };

  /** The element whose children are the places of rows. */
  const tableOf = (scroller, testId) => {
    let element = scroller.querySelector('[data-testid="' + testId + '"]');
    while (element !== null && getComputedStyle(element).position !== 'absolute') element = element.parentElement;
    return element?.parentElement ?? null;
  };

  /** Height of the visible part of the list that no row covers. */
  const blankIn = (scroller, testId) => {
    const table = tableOf(scroller, testId);
    const view = scroller.getBoundingClientRect();
    if (table === null) return view.height;
    const all = table.getBoundingClientRect();
    const [top, bottom] = [Math.max(view.top, all.top), Math.min(view.bottom, all.bottom)];
    const parts = [...table.children]
      .filter((place) => place.textContent !== '' || place.querySelector('[role]') !== null)
      .map((place) => place.getBoundingClientRect())
      .filter((one) => one.bottom > top && one.top < bottom && one.height > 0)
      .sort((a, b) => a.top - b.top);
    let [covered, blank] = [top, 0];
    for (const part of parts) {
      blank += Math.max(0, part.top - covered);
      covered = Math.max(covered, part.bottom);
    }
    return blank + Math.max(0, bottom - covered);
  };

  /** Names of the rows in sight, from top to bottom. */
  const namesIn = (scroller, testId, nameId) => {
    const view = scroller.getBoundingClientRect();
    return [...scroller.querySelectorAll('[data-testid="' + testId + '"]')]
      .map((row) => ({ row, ...row.getBoundingClientRect().toJSON() }))
      .filter(({ top, bottom, height }) => height > 0 && bottom > view.top && top < view.bottom)
      .sort((a, b) => a.top - b.top)
      .map(({ row }) => row.querySelector('[data-testid="' + nameId + '"]')?.textContent ?? '');
  };

  const areAscending = (names) => {
    const numbers = names.map((name) => Number(/\\d+/.exec(name)?.[0])).filter((number) => !Number.isNaN(number));
    return numbers.every((number, index) => index === 0 || number > numbers[index - 1]);
  };

  /** Rows stand at fractions of a pixel. */
  const GAP_PX = 4;

  const painted = () => new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve();
      port2.postMessage(undefined);
    });
  });

  globalThis.parleyProbe = {
    scrollerOf, blankIn, painted,
    async scroll({ testId, nameId, stepPx, isDone, frames = Infinity }) {
      let scroller = scrollerOf(testId);
      const counts = globalThis.parleyCounts;
      Object.assign(counts, { isOn: true, commits: 0, rendered: 0, testId });
      const result = { frames: 0, blankFrames: 0, longestBlank: 0, maxBlankPx: 0, maxRows: 0, disordered: 0, frameMs: [] };
      const seen = new Set();
      const begunMs = performance.now();
      let [run, beforeMs] = [0, begunMs];
      for (;;) {
        // A list may be made anew; without one there is nothing to cover.
        if (!scroller.isConnected) scroller = scrollerOf(testId) ?? scroller;
        const blank = scroller.isConnected ? Math.round(blankIn(scroller, testId)) : 0;
        const names = namesIn(scroller, testId, nameId);
        for (const name of names) seen.add(name);
        if (!areAscending(names)) result.disordered += 1;
        run = blank > GAP_PX ? run + 1 : 0;
        if (run > 0) result.blankFrames += 1;
        result.longestBlank = Math.max(result.longestBlank, run);
        result.maxBlankPx = Math.max(result.maxBlankPx, blank);
        result.maxRows = Math.max(result.maxRows, scroller.querySelectorAll('[data-testid="' + testId + '"]').length);
        if (result.frames >= frames || isDone(scroller)) break;
        scroller.scrollTop += stepPx;
        await painted();
        const nowMs = performance.now();
        result.frameMs.push(nowMs - beforeMs);
        beforeMs = nowMs;
        result.frames += 1;
      }
      counts.isOn = false;
      // The observer reports a task some time after it has ended.
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { commits, rendered } = counts;
      const tasks = longTasks.filter(({ startTime }) => startTime >= begunMs).map(({ duration }) => duration);
      return { ...result, seen: [...seen], longTasks: tasks, commits, rendered, tookMs: beforeMs - begunMs };
    },
  };
})()`;

/** Prepares a page, before it loads. */
export async function installProbe(page: ProbedPage): Promise<void> {
  await page.addInitScript(HOOK);
  await page.addInitScript(PROBE);
}

export interface ScrollOptions {
  /** Test id of a row. */
  row: string;
  /** Test id of what names a row. */
  name: string;
  /** Pixels per frame; negative: upwards. */
  stepPx: number;
  /** Script of a function of the scrolling element: true ends it. */
  until?: string;
  /** Frames after which it ends. */
  frames?: number;
}

/** Scrolls a list by a step per frame, and measures each frame after it was painted. */
export const scrollList = (
  page: ProbedPage,
  { row, name, stepPx, until = '() => false', frames }: ScrollOptions,
): Promise<Scrolled> =>
  page.evaluate<Scrolled>(
    `parleyProbe.scroll({ testId: ${JSON.stringify(row)}, nameId: ${JSON.stringify(name)}, stepPx: ${stepPx}, isDone: ${until}, frames: ${frames ?? 'Infinity'} })`,
  );
