/**
 * The messages that are pinned for everybody: the newest, and by a click the one before.
 *
 * @import { Client } from '../client.js'
 * @import { Conversation, Message, State } from '../types.js'
 */
import { messageAt } from '../log.js';
import { asideKey } from '../reduceMessages.js';
import { logOf, mayManage } from '../selectors.js';
import { h, icon } from './dom.js';
import { summaryOf } from './summary.js';
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
   * @param {State} state
   * @param {Conversation | undefined} conversation
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
    if (message === undefined) void client.history.peek(conversation.id, seq);
    const text = message === undefined ? '…' : summaryOf(state, message);
    const next = JSON.stringify([conversation.id, seq, text, place, pinned.length, conversation.role]);
    if (next === sign) return;
    sign = next;
    const unpin = () => void told(client.messages.pin({ conversationId: conversation.id, seq }, false));
    bar.replaceChildren(
      h(
        'button',
        {
          class: 'pinned-message',
          type: 'button',
          click() {
            jump(seq);
            back += 1;
            render(client.store.getState(), client.store.getState().conversations[conversation.id]);
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
 * @param {State} state
 * @param {string} id
 * @param {number} seq
 * @returns {Message | undefined}
 */
const find = (state, id, seq) => messageAt(logOf(state, id), seq) ?? state.aside[asideKey(id, seq)];
