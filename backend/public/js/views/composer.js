/**
 * Where one writes. What was begun is kept per conversation, also over a reload.
 *
 * @import { Client } from '../client.js'
 */

const MAX_HEIGHT_PX = 180;

/**
 * @param {{ form: HTMLFormElement, text: HTMLTextAreaElement, send: HTMLButtonElement }} parts
 * @param {Client} client
 * @param {() => void} onSent
 */
export function mountComposer({ form, text, send }, client, onSent) {
  /** @type {string | undefined} */
  let conversationId;

  const draftKey = () => `parley.draft.${client.store.getState().me}/${conversationId}`;

  function fit() {
    send.disabled = text.value.trim() === '';
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight, MAX_HEIGHT_PX)}px`;
  }

  function keepDraft() {
    if (text.value === '') sessionStorage.removeItem(draftKey());
    else sessionStorage.setItem(draftKey(), text.value);
  }

  function submit() {
    const content = text.value.trim();
    if (content === '' || conversationId === undefined) return;
    text.value = '';
    keepDraft();
    fit();
    client.typing.stopped();
    client.outbox.add(conversationId, content);
    onSent();
  }

  text.addEventListener('input', () => {
    fit();
    keepDraft();
    if (conversationId === undefined) return;
    if (text.value.trim() === '') client.typing.stopped();
    else client.typing.typed(conversationId);
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });

  return {
    /** @param {string | undefined} id */
    show(id) {
      if (id === conversationId) return;
      client.typing.stopped();
      conversationId = id;
      text.value = id === undefined ? '' : (sessionStorage.getItem(draftKey()) ?? '');
      fit();
      // Not where it would open a keyboard over half of the page.
      if (id !== undefined && matchMedia('(hover: hover)').matches) text.focus();
    },
  };
}
