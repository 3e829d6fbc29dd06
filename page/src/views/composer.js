/**
 * Where one writes, answers and edits. What was begun is kept per conversation, also over a reload.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord, Message } from '@parley/client'
 */
import { isMessage, logOf, quoteOf } from '@parley/client/selectors';
import { whyClosed } from '../sentences.js';
import { isolate } from '../bidi.js';
import { excessOf, MAX_LENGTHS } from '../limits.js';
import { openAttachMenu } from './attach.js';
import { mountDraftFiles } from './draftFiles.js';
import { h, icon, setAttribute, setText } from './dom.js';
import { mountRecordButton } from './recordButton.js';
import { quoteLine } from './summary.js';
import { told } from './toast.js';

const MAX_HEIGHT_PX = 180;

/**
 * @typedef {object} ComposerParts
 * @property {HTMLFormElement} form
 * @property {HTMLTextAreaElement} text
 * @property {HTMLButtonElement} send
 * @property {HTMLElement} mode what is answered or edited
 * @property {HTMLElement} note why it cannot be sent as it is
 * @property {HTMLButtonElement} attach
 * @property {HTMLButtonElement} record
 * @property {HTMLElement} draftFiles
 * @property {HTMLElement} dropZone where files can be dropped
 * @property {HTMLElement} closed why one cannot write
 *
 * @typedef {{ kind: 'reply' | 'edit', message: Message }} About
 *
 * @param {ComposerParts} parts
 * @param {Client} client
 * @param {() => void} onSent
 */
export function mountComposer(parts, client, onSent) {
  const { form, text, send, mode, note, attach, record, closed } = parts;
  /** @type {string | undefined} */
  let conversationId;
  /** @type {About | undefined} */
  let about;
  let isSaving = false;

  const draftKey = () => `parley.draft.${client.state().userId}/${conversationId}`;

  const files = mountDraftFiles({ form, strip: parts.draftFiles, dropZone: parts.dropZone }, client, fit);

  /** A picture keeps its place without the text beside it; files need none. */
  const mayBeEmpty = () => (about?.kind === 'edit' ? about.message.kind !== 'text' : files.ids().length > 0);

  function fit() {
    const excess = excessOf(text.value, MAX_LENGTHS.text);
    note.hidden = excess === undefined;
    setText(note, excess ?? '');
    setAttribute(text, 'aria-invalid', excess !== undefined);
    send.disabled = excess !== undefined || (text.value.trim() === '' && !mayBeEmpty());
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight, MAX_HEIGHT_PX)}px`;
  }

  function keepDraft() {
    if (about?.kind === 'edit') return;
    if (text.value === '') return sessionStorage.removeItem(draftKey());
    try {
      sessionStorage.setItem(draftKey(), text.value);
    } catch {
      // There is no room for so long a text: it stays in the field alone.
    }
  }

  const draft = () => (conversationId === undefined ? '' : (sessionStorage.getItem(draftKey()) ?? ''));

  /** @param {About | undefined} next */
  function setAbout(next) {
    const wasEdit = about?.kind === 'edit';
    about = next;
    if (next?.kind === 'edit') text.value = next.message.content;
    else if (wasEdit) text.value = draft();
    mode.hidden = next === undefined;
    mode.replaceChildren(...(next === undefined ? [] : modeElements(next)));
    fit();
  }

  /** @param {About} next */
  function modeElements({ kind, message }) {
    const { author, text: said } = quoteLine(client.state(), quoteOf(message));
    return [
      icon(kind),
      h(
        'span',
        { class: 'composer-about' },
        h(
          'span',
          { class: 'quote-author' },
          kind === 'edit' ? 'Edit message' : `Reply to ${author === 'You' ? 'yourself' : isolate(author)}`,
        ),
        h('span', { class: 'quote-text', dir: 'auto' }, said),
      ),
      h('button', { class: 'tool', type: 'button', 'aria-label': 'Cancel', click: cancel }, icon('close')),
    ];
  }

  function cancel() {
    setAbout(undefined);
    text.focus();
  }

  /** @param {About} next */
  function begin(next) {
    setAbout(next);
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }

  /** What goes along with a message when something is answered. */
  const reply = () => (about?.kind === 'reply' ? { replyTo: about.message.seq } : {});

  function submit() {
    const content = text.value.trim();
    if (send.disabled || conversationId === undefined) return;
    if (about?.kind === 'edit') return void save(about.message, content);
    text.value = '';
    keepDraft();
    // Before the message: what nobody waits for is dropped while something else goes out.
    const handle = client.parley.conversation(conversationId);
    handle.stopTyping();
    handle.sendMessage({ text: content, uploads: files.ids(), ...reply() });
    setAbout(undefined);
    onSent();
  }

  /**
   * @param {Message} message
   * @param {string} content
   */
  async function save(message, content) {
    if (isSaving) return;
    isSaving = true;
    const isSaved =
      content === message.content ||
      (await told(client.parley.conversation(message.conversationId).edit(message.seq, content)));
    isSaving = false;
    if (isSaved && about?.message === message) setAbout(undefined);
  }

  /** The newest of one's own, as long as nothing is written. */
  function editLast() {
    const state = client.state();
    const last = logOf(state, conversationId ?? '')
      .filter(isMessage)
      .findLast(
        ({ senderId, deletedAt, content, kind }) =>
          senderId === state.userId && deletedAt === undefined && content !== '' && kind !== 'system',
      );
    if (last !== undefined) begin({ kind: 'edit', message: last });
  }

  text.addEventListener('input', () => {
    fit();
    keepDraft();
    if (conversationId === undefined || about?.kind === 'edit') return;
    const handle = client.parley.conversation(conversationId);
    if (text.value.trim() === '') handle.stopTyping();
    else handle.sendTyping();
  });
  text.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Escape' && about !== undefined) {
      event.stopPropagation();
      cancel();
    } else if (event.key === 'ArrowUp' && text.value === '') {
      event.preventDefault();
      editLast();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  attach.addEventListener('click', () => {
    /** @param {import('./attach.js').Carried} carried @param {string} caption */
    const sendCarried = (carried, caption) => {
      if (conversationId === undefined) return;
      client.parley.conversation(conversationId).sendMessage({ text: caption, ...carried, ...reply() });
      if (about?.kind === 'reply') setAbout(undefined);
      onSent();
    };
    openAttachMenu(attach, sendCarried, files.choose);
  });
  mountRecordButton(record, (recording) => {
    const { blob, durationMs, waveform } = recording;
    files.add([blob], { kind: 'voice', name: 'Voice message', durationMs, waveform });
    text.focus();
  });

  return {
    /** @param {Message} message */
    reply: (message) => begin({ kind: 'reply', message }),
    /** @param {Message} message */
    edit: (message) => begin({ kind: 'edit', message }),

    /**
     * @param {string | undefined} id
     * @param {ConversationRecord | undefined} conversation
     */
    show(id, conversation) {
      const why = conversation && whyClosed(conversation);
      form.hidden = why !== undefined;
      closed.hidden = why === undefined;
      if (conversation !== undefined && why !== undefined) showClosed(closed, { conversation, why, client });
      files.showFor(id);
      if (id === conversationId) return;
      if (conversationId !== undefined) client.parley.conversation(conversationId).stopTyping();
      setAbout(undefined);
      conversationId = id;
      text.value = draft();
      fit();
      // Not where it would open a keyboard over half of the page.
      if (id !== undefined && matchMedia('(hover: hover)').matches) text.focus();
    },
  };
}

/**
 * @param {HTMLElement} closed
 * @param {{ conversation: ConversationRecord, why: string, client: Client }} what
 */
function showClosed(closed, { conversation, why, client }) {
  const sign = `${conversation.id} ${why}`;
  if (closed.dataset.sign === sign) return;
  closed.dataset.sign = sign;
  const unblock = () => void told(client.parley.safety.unblock(conversation.otherUserId), 'Unblocked');
  closed.replaceChildren(
    h('p', {}, why),
    ...(conversation.isBlocked
      ? [h('button', { class: 'button button-quiet', type: 'button', click: unblock }, 'Unblock')]
      : []),
  );
}
