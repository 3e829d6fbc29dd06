/**
 * Makes an element. Text only ever becomes a text node: nothing here parses HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | undefined | ((event: any) => void)>} [attributes] functions are listeners
 * @param {(Node | string | undefined)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | boolean | undefined} value
 */
export function setAttribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? '' : value);
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The parts of a piece of the page, by their `data-ref`.
 *
 * @param {ParentNode} root
 * @returns {Record<string, any>}
 */
export const refs = (root) =>
  Object.fromEntries(
    Array.from(root.querySelectorAll('[data-ref]'), (element) => [element.getAttribute('data-ref'), element]),
  );

/**
 * A picture of the sprite in index.html.
 *
 * @param {string} name
 * @param {string} [className]
 */
export function icon(name, className = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${className}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** For screen readers. @param {string} text */
export const hidden = (text) => h('span', { class: 'visually-hidden' }, text);

/**
 * Puts elements into a container in this order; those that stay are not moved, what is not among them goes.
 *
 * @param {Element} container
 * @param {readonly Element[]} elements
 */
export function arrange(container, elements) {
  const wanted = new Set(elements);
  for (const child of [...container.children]) if (!wanted.has(child)) child.remove();
  let place = container.firstElementChild;
  for (const element of elements) {
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
}

/** A press that lasts longer than this, in ms, is no click: one selects text, or drags. */
const LONGEST_CLICK_MS = 1_000;
let pressedAtMs = -Infinity;
if (typeof document !== 'undefined') {
  addEventListener('pointerdown', () => (pressedAtMs = performance.now()), { capture: true });
  for (const end of ['pointerup', 'pointercancel'])
    addEventListener(end, () => (pressedAtMs = -Infinity), { capture: true });
}

/**
 * Runs at most once per frame, however often it is asked for, and not in the middle of a click: an element that is
 * replaced between press and release is never clicked.
 *
 * @param {() => void} render
 */
export function perFrame(render) {
  let isAsked = false;
  const draw = () => {
    if (performance.now() - pressedAtMs < LONGEST_CLICK_MS) return void requestAnimationFrame(draw);
    isAsked = false;
    render();
  };
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  };
}
