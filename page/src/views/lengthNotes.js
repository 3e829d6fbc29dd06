/**
 * Says under a field by how much its text is too long, and keeps its form from being sent. For fields with
 * `data-max-length`: `maxlength` would cut what is pasted without a word.
 */
import { excessOf } from '../limits.js';
import { h, setText } from './dom.js';

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** @param {Document} root */
export function watchLengths(root) {
  root.addEventListener('input', ({ target }) => {
    if (isBounded(target)) noteLength(target);
  });
  root.addEventListener('reset', ({ target }) => {
    // The event comes before the fields are empty.
    queueMicrotask(() => {
      for (const field of /** @type {HTMLFormElement} */ (target).elements)
        if (isBounded(field)) noteLength(field);
    });
  });
}

/** Whether a field's text fits. @param {Field} field */
export const fits = (field) => excessOf(field.value, Number(field.dataset.maxLength)) === undefined;

/**
 * @param {EventTarget | null} target
 * @returns {target is Field}
 */
const isBounded = (target) =>
  (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) &&
  target.dataset.maxLength !== undefined;

/** @param {Field} field */
function noteLength(field) {
  const excess = excessOf(field.value, Number(field.dataset.maxLength));
  field.setCustomValidity(excess ?? '');
  // Beside the label, not in it: the note is not part of the field's name.
  const host = field.closest('label') ?? field;
  const next = host.nextElementSibling;
  const known = next instanceof HTMLElement && next.matches('.too-long') ? next : undefined;
  if (excess === undefined) return known?.remove();
  if (known !== undefined) return setText(known, excess);
  host.after(h('small', { class: 'too-long', role: 'alert' }, excess));
}
