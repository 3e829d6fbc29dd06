/** The steps of the measurements: by the bench for its figures, by `test/app/large.test.ts` for what it counts. */
import { scrollList, type ProbedPage, type Scrolled } from './probe.js';
import { seededName, seededText } from './seed.js';

/** Height in pixels of a row of the list. */
const ROW_PX = 72;

/** A window in which many rows are seen at once. */
export const TALL_WINDOW = { width: 1_100, height: 1_500 };

/** Script that signs a user in, before the page loads. */
export const signedIn = (userId: string, token: string): string =>
  `sessionStorage.setItem('parley.session', ${JSON.stringify(JSON.stringify({ userId, token, isDemo: false }))})`;

/** Scrolls from the top of the list to its end, and loads the pages on the way as a user does who does not stop. */
export const scrollThroughList = (page: ProbedPage, count: number): Promise<Scrolled> =>
  scrollList(page, {
    row: 'conversation',
    name: 'conversation-name',
    stepPx: 1_000,
    until: `(list) => list.scrollHeight >= ${count * ROW_PX} && list.scrollTop + list.clientHeight >= list.scrollHeight - 2`,
  });

/** Scrolls the list by an amount that a finger or a wheel makes. */
export const flingList = (page: ProbedPage, direction: 1 | -1): Promise<Scrolled> =>
  scrollList(page, {
    row: 'conversation',
    name: 'conversation-name',
    stepPx: direction * 120,
    frames: 120,
  });

/** Scrolls the messages, and loads pages on the way. */
export const flingMessages = (page: ProbedPage, direction: 1 | -1): Promise<Scrolled> =>
  scrollList(page, { row: 'message', name: 'message-text', stepPx: direction * 240, frames: 100 });

/** Watches the messages while something else happens, until `stopWatching` is called. */
export const watchMessages = (page: ProbedPage): Promise<Scrolled> =>
  scrollList(page, {
    row: 'message',
    name: 'message-text',
    stepPx: 0,
    until: '() => globalThis.parleyStops === true',
  });

export const stopWatching = (page: ProbedPage): Promise<unknown> =>
  page.evaluate('globalThis.parleyStops = true');

/** Shown text of a message, and name of a user, of the seeded data. */
export { seededName, seededText };
