/** Short news at the bottom of the page: what was done, or why not. */
import { attempt, refusedText } from '../sentences.js';
import { h } from './dom.js';

const SHOWN_MS = 4_500;

const region = h('div', { class: 'toasts', popover: 'manual', role: 'status', 'aria-live': 'polite' });

/**
 * @param {string} text
 * @param {'error' | ''} [tone]
 */
export function toast(text, tone = '') {
  if (!region.isConnected) document.body.append(region);
  const element = h('p', { class: `toast ${tone}`.trim() }, text);
  region.append(element);
  // Shown anew, so that it lies over a dialog that was opened since.
  if (region.matches(':popover-open')) region.hidePopover();
  region.showPopover();
  setTimeout(() => {
    element.remove();
    if (region.childElementCount === 0) region.hidePopover();
  }, SHOWN_MS);
}

/**
 * Says how many people could not be added to a group.
 *
 * @param {readonly unknown[]} [refused]
 */
export function tellRefused(refused = []) {
  const text = refusedText(refused);
  if (text !== undefined) toast(text, 'error');
}

/**
 * Says why something was not done; gives back whether it was.
 *
 * @param {Promise<unknown>} call of the SDK
 * @param {string} [done] to say when it was
 */
export async function told(call, done) {
  const { error } = await attempt(call);
  if (error !== undefined) toast(error, 'error');
  else if (done !== undefined) toast(done);
  return error === undefined;
}
