/**
 * The messages that are pinned for everybody: the newest, and by a click the one before.
 *
 * @import { Client } from '../client.js'
 * @import { ClientState, ConversationRecord, LogEntry } from '@parley/client'
 */
import { asideKey, entryAt, isConnected, isMessage, logOf, mayManage } from '@parley/client/selectors';
import { h, icon } from './dom.js';
import { summaryOf, wordsOf } from './summary.js';
import { told } from './toast.js';

/**
 * @param {HTMLElement} bar
 * @param {Client} client
 * @param {(seq: number) => void} jump
 */
export function mountPinnedBar(bar, client, jump) {
  /** How many steps back from the newest, and in which conversation. */
  let back = 0;
  /** @type {string | undefined} */
  let of;
  let sign = '';

  /**
   * @param {ClientState} state
   * @param {ConversationRecord | undefined} conversation
   */
  return function render(state, conversation) {
    if (conversation?.id !== of) [of, back] = [conversation?.id, 0];
    const pinned = conversation?.pinnedMessages ?? [];
    bar.hidden = pinned.length === 0;
    if (conversation === undefined || pinned.length === 0) {
      // What was deleted is nowhere any more, not even where it is not seen.
      if (sign !== '') bar.replaceChildren();
      sign = '';
      return;
    }
    back %= pinned.length;
    const place = pinned.length - 1 - back;
    const seq = pinned[place];
    const message = find(state, conversation.id, seq);
    const text =
      message === undefined ? '…' : isMessage(message) ? summaryOf(state, message) : wordsOf(message);
    const next = JSON.stringify([
      conversation.id,
      seq,
      text,
      place,
      pinned.length,
      conversation.role,
      isConnected(state),
    ]);
    if (next === sign) return;
    sign = next;
    const handle = client.parley.conversation(conversation.id);
    // One that cannot be loaded is asked for again on the next connection.
    if (message === undefined) void handle.loadOne(seq).catch(() => {});
    const unpin = () => void told(handle.pin(seq, false));
    bar.replaceChildren(
      h(
        'button',
        {
          class: 'pinned-message',
          type: 'button',
          click() {
            jump(seq);
            back += 1;
            render(client.state(), client.state().conversations[conversation.id]);
          },
        },
        icon('pin'),
        h(
          'span',
          { class: 'composer-about' },
          h(
            'span',
            { class: 'quote-author' },
            pinned.length > 1 ? `Pinned message ${place + 1} of ${pinned.length}` : 'Pinned message',
          ),
          h('span', { class: 'quote-text', dir: 'auto' }, text),
        ),
      ),
      ...(mayManage(conversation)
        ? [
            h(
              'button',
              { class: 'tool', type: 'button', 'aria-label': 'Unpin', title: 'Unpin', click: unpin },
              icon('close'),
            ),
          ]
        : []),
    );
  };
}

/**
 * @param {ClientState} state
 * @param {string} id
 * @param {number} seq
 * @returns {LogEntry | undefined}
 */
const find = (state, id, seq) => entryAt(logOf(state, id), seq) ?? state.aside[asideKey(id, seq)];
