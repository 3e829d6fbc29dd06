/** Coming to messages by keyboard: the newest is the one place to stop at, from there on with the arrows. */

/** @param {Element} list */
export function keepTabStop(list) {
  const buttons = list.querySelectorAll('.more');
  const stop = buttons[buttons.length - 1];
  if (stop === undefined || stop.getAttribute('tabindex') === '0') return;
  list.querySelector('.more[tabindex="0"]')?.setAttribute('tabindex', '-1');
  stop.setAttribute('tabindex', '0');
}

/** @param {HTMLElement} element */
export function shine(element) {
  element.classList.remove('shining');
  // A class that is put back at once would not begin again.
  void element.offsetWidth;
  element.classList.add('shining');
}

/** Up and down through the messages, by their buttons. @param {KeyboardEvent} event */
export function moveFocus(event) {
  const target = /** @type {Element} */ (event.target);
  if (!target.matches('.more') || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
  event.preventDefault();
  const step = event.key === 'ArrowUp' ? 'previousElementSibling' : 'nextElementSibling';
  let row = target.closest('li')?.[step];
  while (row && row.querySelector('.more') === null) row = row[step];
  const next = /** @type {HTMLElement | null | undefined} */ (row?.querySelector('.more'));
  next?.focus();
}
