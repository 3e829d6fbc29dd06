/**
 * A picture of somebody: their own, or their initials on a colour that is always the same for them.
 *
 * @import { UserView } from '@parley/client'
 */
import { withoutControls } from '../bidi.js';
import { firstGrapheme } from '../graphemes.js';
import { h } from './dom.js';

const HUES = 10;

/** @param {string} name */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map(firstGrapheme).join('').toLocaleUpperCase() || '?';
}

/** @param {string} id */
export function hueOf(id) {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return ((hash ^ (hash >>> 9)) >>> 0) % HUES;
}

/**
 * @param {UserView} user
 * @param {string} [size] small | large
 */
export function avatar(user, size = '') {
  const element = h(
    'span',
    { class: `avatar hue-${hueOf(user._id)} ${size}`.trim(), 'aria-hidden': 'true' },
    h('span', { class: 'initials' }, initials(withoutControls(user.name ?? user._id))),
  );
  // The page's policy lets in pictures over HTTPS only.
  if (user.avatar?.startsWith('https://')) {
    const forget = (/** @type {Event} */ event) => /** @type {Element} */ (event.target).remove();
    element.append(
      h('img', { src: user.avatar, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer', error: forget }),
    );
  }
  return element;
}
