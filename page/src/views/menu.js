/**
 * A menu over the page: at a button, or where one pointed. Closed by Escape, by a click elsewhere and by choosing; the
 * focus goes back to what opened it.
 */
import { h, icon } from './dom.js';

const EDGE_PX = 8;

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} icon
 * @property {() => unknown} run
 * @property {boolean} [isDanger]
 *
 * @typedef {object} MenuPlace
 * @property {HTMLElement} opener
 * @property {{ x: number, y: number }} [at] where one pointed; else below the opener
 * @property {Element} [head] above the items
 * @property {string} label for screen readers
 */

/**
 * @param {(MenuItem | undefined)[]} items
 * @param {MenuPlace} place
 */
export function openMenu(items, { opener, at, head, label }) {
  const menu = h('div', { class: 'menu', popover: 'auto', role: 'menu', 'aria-label': label });
  const close = () => menu.hidePopover();
  if (head !== undefined) menu.append(head);
  for (const item of items) if (item !== undefined) menu.append(itemElement(item, close));
  menu.addEventListener('keydown', (event) => moveFocus(menu, event));
  menu.addEventListener('toggle', (/** @type {any} */ event) => {
    if (event.newState !== 'closed') return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    opener.classList.remove('is-open');
    if (hadFocus && opener.isConnected) opener.focus();
  });
  // What lies outside of a modal dialog cannot be clicked while it is open.
  (opener.closest('dialog') ?? document.body).append(menu);
  opener.classList.add('is-open');
  menu.showPopover();
  put(menu, at ?? below(opener));
  focusables(menu)[0]?.focus();
  return { element: menu, close };
}

/**
 * @param {MenuItem} item
 * @param {() => void} close
 */
const itemElement = ({ label, icon: name, run, isDanger }, close) =>
  h(
    'button',
    {
      class: isDanger === true ? 'menu-item danger' : 'menu-item',
      type: 'button',
      role: 'menuitem',
      click() {
        close();
        // After the focus has gone back: what opens now returns it to there.
        setTimeout(run);
      },
    },
    icon(name),
    label,
  );

/** @param {HTMLElement} opener */
function below(opener) {
  const { left, bottom } = opener.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}

/**
 * @param {HTMLElement} menu
 * @param {{ x: number, y: number }} at
 */
function put(menu, { x, y }) {
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(EDGE_PX, Math.min(x, innerWidth - width - EDGE_PX))}px`;
  menu.style.top = `${Math.max(EDGE_PX, Math.min(y, innerHeight - height - EDGE_PX))}px`;
}

/** @param {Element} menu @returns {HTMLElement[]} */
const focusables = (menu) => [...menu.querySelectorAll('button')];

/**
 * @param {Element} menu
 * @param {KeyboardEvent} event
 */
function moveFocus(menu, event) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  if (step === undefined) return;
  event.preventDefault();
  const items = focusables(menu);
  const index = items.findIndex((item) => item === document.activeElement);
  items[(index + step + items.length) % items.length]?.focus();
}
