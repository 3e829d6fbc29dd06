import type { AppWindow } from './appWindow.js';

/**
 * Finds what a user with a small window or a large zoom cannot use: controls and headings that stay outside of the window
 * wherever one scrolls, that something else covers, or that need scrolling sideways (WCAG 2.2, 1.4.10); and labels that are cut
 * off. Rows with a name or a preview may end in an ellipsis: they open what they shorten.
 */
const FIND = `(() => {
  const found = [];
  const layers = [...document.querySelectorAll('[aria-modal=true]')];
  const top = layers.at(-1) ?? document.body;
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
  const nameOf = (element) => element.tagName + ' ' + (element.getAttribute('aria-label') ?? element.textContent ?? '').slice(0, 60);
  const parentsOf = function* (element) {
    for (let one = element.parentElement; one !== null; one = one.parentElement) yield one;
  };
  const kinds = ['button', 'menuitem', 'switch', 'checkbox', 'radio', 'link', 'slider'].map((role) => '[role=' + role + ']');
  const controls = [...top.querySelectorAll(['button, a, input, textarea, h1, h2, h3', ...kinds].join())]
    .filter(isShown)
    .filter((one) => one.closest('[aria-hidden=true]') === null);
  for (const element of controls) {
    element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const { left, right, top: upper, bottom, height } = element.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) found.push('beside the window: ' + nameOf(element) + ' ' + [left, right].map(Math.round));
    if (bottom < 1 || upper > innerHeight - 1 || (height <= innerHeight && (upper < -1 || bottom > innerHeight + 1)))
      found.push('above or below the window: ' + nameOf(element) + ' ' + [upper, bottom].map(Math.round));
    // A line of pictures and names: each fits into the window, and there is nothing to read across them.
    const isInStrip = element.closest('[data-testid=matches]') !== null;
    for (const parent of isInStrip ? [] : parentsOf(element)) {
      const { overflowX } = getComputedStyle(parent);
      if (/auto|scroll/.test(overflowX) && parent.scrollWidth > parent.clientWidth + 1) found.push('scrolls sideways: ' + nameOf(element));
    }
    const [x, y] = [Math.max(1, Math.min(innerWidth - 1, (left + right) / 2)), Math.max(1, Math.min(innerHeight - 1, (upper + bottom) / 2))];
    const hit = document.elementFromPoint(x, y);
    const isReached = hit === null || element.contains(hit) || hit.contains(element) || element.closest('label')?.contains(hit) === true;
    if (!isReached) found.push('covered: ' + nameOf(element) + ' by ' + nameOf(hit));
  }
  for (const label of top.querySelectorAll('button *, h1, h2, [role=button] *, [role=menuitem] *, [role=switch] *, label *')) {
    if (label.children.length > 0 || !isShown(label) || label.dataset.testid !== undefined) continue;
    if (label.closest('[data-testid=conversation], [data-testid=found-message], [data-testid=pinned]') !== null) continue;
    const { overflowX, overflowY, whiteSpace } = getComputedStyle(label);
    const isCut = (overflowX !== 'visible' && label.scrollWidth > label.clientWidth + 1) || (overflowY !== 'visible' && label.scrollHeight > label.clientHeight + 2);
    if (isCut) found.push('cut off: ' + nameOf(label));
  }
  return [...new Set(found)];
})()`;

/** Returns what cannot be reached or read in this window. */
export const outOfReach = ({ page }: AppWindow): Promise<string[]> => page.evaluate<string[]>(FIND);
