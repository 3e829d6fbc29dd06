import { nameOf } from '../names.js';
import { showControls } from '../bidi.js';
import { avatar } from './avatar.js';
import { h } from './dom.js';

/**
 * Somebody to pick.
 *
 * @param {import('@parley/client').UserView} user
 * @param {() => void} onPick
 */
export const personButton = (user, onPick) =>
  h(
    'button',
    { class: 'person', type: 'button', click: onPick },
    avatar(user),
    h('span', { class: 'person-name', dir: 'auto' }, nameOf(user)),
    h('span', { class: 'person-id', dir: 'auto' }, showControls(user._id)),
  );
