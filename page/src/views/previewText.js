import { h } from './dom.js';

/**
 * A message on one line. Its direction is that of what is said: the name before it is isolated.
 *
 * @param {{ author?: string, text: string }} preview
 * @param {string} [className]
 */
export const previewText = ({ author, text }, className = 'preview-text') =>
  h('span', { class: className, dir: 'auto' }, author === undefined ? undefined : h('bdi', {}, author), text);
