/**
 * The messages of the open conversation. However long it is, the page holds a bounded number of rows: a window of the
 * log that moves with the scroll position, while what one looks at stays where it is.
 *
 * @import { ConversationHandle } from '@parley/client'
 * @import { Client } from '../client.js'
 * @import { Row } from './rows.js'
 * @import { RowActions } from './rowElements.js'
 */
import { indexOfSeq, logOf, readSeqOf, unreadOf } from '@parley/client/selectors';
import { arrange, h, setAttribute, setText } from './dom.js';
import { badge } from './format.js';
import { keepTabStop, moveFocus, shine } from './messageFocus.js';
import { fillRow } from './rowElements.js';
import { buildRows } from './rows.js';

const FIRST_ROWS = 60;
const STEP_ROWS = 60;
const MAX_ROWS = 200;
const NEAR_PX = 700;
const AT_END_PX = 60;
const NEW_AT_PX = 90;

/**
 * @param {{ scroller: HTMLElement, list: HTMLElement, jump: HTMLElement, jumpCount: HTMLElement }} parts
 * @param {Client} client
 * @param {Pick<RowActions, 'menu' | 'react' | 'reactions' | 'receipts'>} messageActions
 */
export function mountMessageList({ scroller, list, jump, jumpCount }, client, messageActions) {
  const { parley } = client;
  /** @type {Map<string, { element: HTMLElement, sign: string, row: Row }>} */
  const shown = new Map();
  /** @type {string | undefined} */
  let id;
  let low = 0;
  let high = Infinity;
  /** @type {number | undefined} */
  let newFrom;
  let isPlaced = false;
  let sticks = true;

  /** @type {RowActions} */
  const actions = {
    ...messageActions,
    parley,
    jump: (seq) => void goTo(seq),
    retry: parley.outbox.retry,
    discard: parley.outbox.discard,
    loadAgain: () => load((handle) => handle.loadOlder()),
  };

  /** @param {string | undefined} next */
  function reset(next) {
    id = next;
    [low, high, newFrom, isPlaced, sticks] = [0, Infinity, undefined, false, true];
    shown.clear();
    list.replaceChildren();
  }

  /** Chooses what to show first: the newest, from a little before what is unread. */
  function place() {
    const state = client.state();
    const conversation = id === undefined ? undefined : state.conversations[id];
    if (id === undefined || conversation === undefined) return;
    const log = logOf(state, id);
    if (log.length === 0) {
      // Whoever looks at an empty chat is at its end, however many messages come at once.
      isPlaced = conversation.lastSeq === 0;
      return;
    }
    const from = unreadOf(state, conversation) > 0 ? readSeqOf(state, conversation) + 1 : undefined;
    newFrom = from !== undefined && from >= log[0].seq ? from : undefined;
    const unreadRows = newFrom === undefined ? 0 : log.length - indexOfSeq(log, newFrom);
    const rows = Math.min(MAX_ROWS, Math.max(FIRST_ROWS, unreadRows + 10));
    low = log[Math.max(0, log.length - rows)].seq;
    isPlaced = true;
  }

  function render() {
    if (client.openId() !== id) reset(client.openId());
    if (id === undefined) return;
    const isFirst = !isPlaced;
    if (isFirst) place();
    boundRows();
    const anchor = sticks ? undefined : findAnchor();
    // What was said before one came is not read out.
    setAttribute(list, 'aria-busy', isFirst ? 'true' : undefined);
    draw();
    if (isFirst && isPlaced) scrollToStart();
    else if (sticks) scrollToEnd();
    else if (anchor !== undefined) restore(anchor);
    look();
  }

  /**
   * Loads a page of the displayed conversation. Failures show in the list, with a button that tries again.
   *
   * @param {(handle: ConversationHandle) => Promise<unknown>} page
   */
  function load(page) {
    if (id === undefined || client.state().loading[id] === 'loading') return;
    page(parley.conversation(id)).catch(() => {});
  }

  /**
   * @param {string} of a conversation
   * @param {number} seq
   */
  const isThere = (of, seq) =>
    parley
      .conversation(of)
      .loadAround(seq)
      .catch(() => false);

  function draw() {
    if (id === undefined) return;
    const rows = buildRows(client.state(), { id, low, high, newFrom });
    const keys = new Set(rows.map(({ key }) => key));
    for (const key of shown.keys()) if (!keys.has(key)) shown.delete(key);
    arrange(list, rows.map(elementOf));
    keepTabStop(list);
    list.classList.toggle('loading', rows.length === 0);
  }

  /** @param {Row} row */
  function elementOf(row) {
    const sign = JSON.stringify(row);
    const known = shown.get(row.key);
    if (known?.sign === sign) return known.element;
    const element = known?.element ?? h('li', { 'data-key': row.key });
    fillRow(element, row, actions);
    shown.set(row.key, { element, sign, row });
    return element;
  }

  /** Messages that come while one reads must not let the window grow without end. */
  function boundRows() {
    if (id === undefined || high !== Infinity) return;
    const log = logOf(client.state(), id);
    const start = indexOfSeq(log, low);
    if (log.length - start <= MAX_ROWS + STEP_ROWS) return;
    if (sticks) low = log[log.length - MAX_ROWS].seq;
    else high = log[start + MAX_ROWS - 1].seq;
  }

  function growUp() {
    if (id === undefined) return;
    const state = client.state();
    const log = logOf(state, id);
    const start = indexOfSeq(log, low);
    if (start === 0) {
      if (state.loading[id] !== 'failed') load((handle) => handle.loadOlder());
      return;
    }
    const next = Math.max(0, start - STEP_ROWS);
    low = log[next].seq;
    if (indexOfSeq(log, high + 1) - next > MAX_ROWS) high = log[next + MAX_ROWS - 1].seq;
    redraw();
  }

  function growDown() {
    if (id === undefined) return;
    const log = logOf(client.state(), id);
    const end = Math.min(log.length, indexOfSeq(log, high + 1) + STEP_ROWS);
    high = end === log.length ? Infinity : log[end - 1].seq;
    if (end - indexOfSeq(log, low) > MAX_ROWS) low = log[end - MAX_ROWS].seq;
    redraw();
  }

  /** Draws another window; what is on the screen stays where it is. */
  function redraw() {
    const anchor = findAnchor();
    draw();
    if (anchor !== undefined) restore(anchor);
    // Where the position did not change no scroll event follows, and there may still be room.
    requestAnimationFrame(look);
  }

  /** The first message on the screen, and where. */
  function findAnchor() {
    const top = scroller.scrollTop;
    for (const element of /** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)) {
      const isMessage = element.dataset.id !== undefined;
      if (!isMessage || element.offsetTop + element.offsetHeight <= top) continue;
      return { key: element.dataset.key ?? '', offset: element.offsetTop - top };
    }
    return undefined;
  }

  /** @param {{ key: string, offset: number }} anchor */
  function restore({ key, offset }) {
    const element = shown.get(key)?.element;
    if (element !== undefined) scroller.scrollTop = element.offsetTop - offset;
  }

  function fromEnd() {
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  }

  function scrollToEnd() {
    scroller.scrollTop = scroller.scrollHeight;
  }

  function scrollToStart() {
    scrollToEnd();
    const divider = shown.get('divider')?.element;
    if (divider === undefined || divider.offsetTop >= scroller.scrollTop) return;
    scroller.scrollTop = Math.max(0, divider.offsetTop - NEW_AT_PX);
    sticks = high === Infinity && fromEnd() < AT_END_PX;
  }

  /** Loads what one is about to see, and notes what was seen. */
  function look() {
    if (!isPlaced || id === undefined) return showJump();
    if (scroller.scrollTop < NEAR_PX) growUp();
    if (high !== Infinity && fromEnd() < NEAR_PX) growDown();
    lookAtGaps();
    noteSeen();
    showJump();
  }

  function lookAtGaps() {
    for (const { element, row } of shown.values()) {
      if (row.kind !== 'gap' || row.isFailed || id === undefined) continue;
      const top = element.offsetTop - scroller.scrollTop;
      if (top < -NEAR_PX || top > scroller.clientHeight + NEAR_PX) continue;
      // A hole is filled from the side from which one comes.
      if (top < scroller.clientHeight / 2) load((handle) => handle.loadOlder(row.to + 1));
      else load((handle) => handle.loadNewer(row.from - 1));
    }
  }

  /** What stands on the screen, while somebody looks at it, is read. */
  function noteSeen() {
    if (id === undefined || document.hidden || !document.hasFocus()) return;
    const bottom = scroller.scrollTop + scroller.clientHeight;
    let element = list.lastElementChild;
    while (element instanceof HTMLElement) {
      const seq = Number(element.dataset.seq ?? 0);
      if (seq > 0 && element.offsetTop + Math.min(element.offsetHeight, 30) <= bottom) {
        parley.conversation(id).markRead(seq);
        return;
      }
      element = element.previousElementSibling;
    }
  }

  function showJump() {
    const state = client.state();
    const conversation = id === undefined ? undefined : state.conversations[id];
    const unread = conversation === undefined ? 0 : unreadOf(state, conversation);
    jump.hidden = !isPlaced || sticks || (high === Infinity && fromEnd() < 3 * AT_END_PX);
    jumpCount.hidden = unread === 0;
    setText(jumpCount, badge(unread));
  }

  /**
   * Shows a message of any age in the middle, and lets it shine for a moment.
   *
   * @param {number} seq
   */
  async function goTo(seq) {
    const of = id;
    if (of === undefined || !(await isThere(of, seq)) || id !== of) return;
    const log = logOf(client.state(), id);
    const at = indexOfSeq(log, seq);
    low = log[Math.max(0, at - FIRST_ROWS / 2)].seq;
    high = at + FIRST_ROWS >= log.length ? Infinity : log[at + FIRST_ROWS / 2].seq;
    [isPlaced, sticks] = [true, false];
    draw();
    const element = /** @type {HTMLElement | null} */ (list.querySelector(`[data-seq="${Number(seq)}"]`));
    if (element === null) return;
    scroller.scrollTop = element.offsetTop - (scroller.clientHeight - element.offsetHeight) / 2;
    shine(element);
    requestAnimationFrame(look);
  }

  function toEnd() {
    if (id === undefined) return;
    const log = logOf(client.state(), id);
    [high, sticks, newFrom] = [Infinity, true, undefined];
    low = Math.max(low, log[Math.max(0, log.length - FIRST_ROWS)]?.seq ?? 0);
    render();
  }

  scroller.addEventListener(
    'scroll',
    () => {
      sticks = high === Infinity && fromEnd() < AT_END_PX;
      look();
    },
    { passive: true },
  );
  jump.addEventListener('click', toEnd);
  new ResizeObserver(() => {
    if (sticks) scrollToEnd();
    look();
  }).observe(scroller);
  for (const event of ['focus', 'blur']) addEventListener(event, noteSeen);
  document.addEventListener('visibilitychange', noteSeen);

  list.addEventListener('keydown', moveFocus);

  return { render, toEnd, goTo };
}
