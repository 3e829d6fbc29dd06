/**
 * Dialogs that are made when they are needed. The focus goes into them, and back to where it was.
 */
import { h, hidden, icon, setText } from './dom.js';

let counter = 0;

/**
 * @typedef {object} DialogParts
 * @property {string} title
 * @property {string} [className] `drawer` for one along the edge
 * @property {(Node | string | undefined)[]} content
 * @property {() => void} [onClose]
 */

/**
 * @param {DialogParts} parts
 */
export function openDialog({ title, className = '', content, onClose }) {
  counter += 1;
  const titleId = `dialog-${counter}`;
  const opener = document.activeElement;
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const close = () => element.close();
  const element = h(
    'dialog',
    { class: `dialog ${className}`.trim(), 'aria-labelledby': titleId },
    h(
      'div',
      { class: 'dialog-body' },
      h(
        'header',
        { class: 'dialog-head' },
        h('h2', { id: titleId }, title),
        h('button', { class: 'tool', type: 'button', 'aria-label': 'Close', click: close }, icon('close')),
      ),
      ...content,
      error,
    ),
  );
  element.addEventListener('click', (event) => {
    if (event.target === element) close();
  });
  element.addEventListener('close', () => {
    element.remove();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    onClose?.();
  });
  document.body.append(element);
  element.showModal();
  return {
    element,
    close,

    /** @param {string} [text] undefined takes it away */
    fail(text) {
      error.hidden = text === undefined;
      setText(error, text ?? '');
    },
  };
}

/**
 * @template Value
 * @typedef {{ label: string, value: Value, tone?: 'danger' | 'primary' }} Choice
 */

/**
 * Asks before something that cannot be taken back.
 *
 * @template Value
 * @param {{ title: string, text: string, choices: (Choice<Value> | undefined)[] }} question
 * @returns {Promise<Value | undefined>} undefined when it was called off
 */
export const ask = ({ title, text, choices }) =>
  new Promise((resolve) => {
    /** @type {Value | undefined} */
    let chosen;
    const pick = (/** @type {Value} */ value) => {
      chosen = value;
      dialog.close();
    };
    const dialog = openDialog({
      title,
      className: 'dialog-small',
      content: [
        h('p', { class: 'dialog-text' }, text),
        h(
          'footer',
          { class: 'dialog-foot' },
          h('button', { class: 'button', type: 'button', click: () => dialog.close() }, 'Cancel'),
          ...choices.map(
            (choice) =>
              choice &&
              h(
                'button',
                {
                  class: `button button-${choice.tone ?? 'danger'}`,
                  type: 'button',
                  click: () => pick(choice.value),
                },
                choice.label,
              ),
          ),
        ),
      ],
      onClose: () => resolve(chosen),
    });
  });

/** Something that is being loaded. */
export const spinner = () =>
  h('p', { class: 'row-loading' }, h('span', { class: 'spinner' }, hidden('Loading')));
