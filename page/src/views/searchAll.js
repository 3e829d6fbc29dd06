/**
 * Searching over all conversations: by the names of the list, and by what was said.
 *
 * @import { Client } from '../client.js'
 * @import { ClientState, Message } from '@parley/client'
 */
import { nameFor, nameOf, peerOf } from '../names.js';
import { excessOf, MAX_LENGTHS } from '../limits.js';
import { isOnline, online } from '../online.js';
import { attempt } from '../sentences.js';
import { avatar } from './avatar.js';
import { h, icon, setText } from './dom.js';
import { fullTime, listTime } from './format.js';
import { everyMinute } from './minutes.js';
import { previewText } from './previewText.js';
import { summaryOf } from './summary.js';

const WAIT_MS = 250;
const MAX_NAMES = 8;
const PAGE = 30;

/**
 * @param {{ field: HTMLInputElement, clear: HTMLElement, results: HTMLElement, lists: HTMLElement }} parts `lists` give way
 * @param {Client} client
 */
export function mountSearchAll({ field, clear, results, lists }, client) {
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function end() {
    field.value = '';
    search();
    field.focus();
  }

  function search() {
    clearTimeout(timer);
    asked += 1;
    const words = field.value.trim();
    results.hidden = words === '';
    lists.hidden = words !== '';
    clear.hidden = words === '';
    if (words === '') return;
    const excess = excessOf(words, MAX_LENGTHS.words);
    if (excess !== undefined) return results.replaceChildren(note(excess));
    showNames(words);
    timer = setTimeout(() => void find(words), WAIT_MS);
  }

  /** @param {string} words */
  function showNames(words) {
    const state = client.state();
    const wanted = words.toLocaleLowerCase();
    const found = Object.values(state.conversations)
      .filter((one) => nameOf(peerOf(one)).toLocaleLowerCase().includes(wanted))
      .slice(0, MAX_NAMES);
    results.replaceChildren(
      ...(found.length === 0 ? [] : [h('h3', { class: 'list-title' }, 'Chats')]),
      h('ul', { class: 'conversation-list' }, ...found.map((one) => chatLine(state, one))),
      note('Searching messages…'),
    );
  }

  /**
   * @param {string} words
   * @param {string} [cursor]
   * @returns {Promise<void>}
   */
  async function find(words, cursor) {
    const mine = asked;
    const wasOnline = isOnline(client.parley);
    const answer = await attempt(client.parley.conversations.search({ words, limit: PAGE, cursor }));
    if (mine !== asked) return;
    const shown = results.querySelector('.search-note');
    if (answer.error !== undefined) {
      shown?.replaceChildren(answer.error);
      if (wasOnline) return;
      await online(client.parley);
      return mine === asked ? find(words, cursor) : undefined;
    }
    shown?.remove();
    const { messages, nextCursor } = answer.value;
    if (cursor === undefined) {
      results.append(
        h('h3', { class: 'list-title' }, messages.length === 0 ? 'No messages found' : 'Messages'),
        h('ul', { class: 'conversation-list', 'data-found': '' }),
      );
    }
    const state = client.state();
    results.querySelector('[data-found]')?.append(...messages.map((message) => foundLine(state, message)));
    if (nextCursor !== undefined) results.append(moreButton(() => void find(words, nextCursor)));
  }

  field.addEventListener('input', search);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || field.value === '') return;
    event.stopPropagation();
    end();
  });
  clear.addEventListener('click', end);
  everyMinute(() => {
    for (const time of results.querySelectorAll('time')) setText(time, listTime(time.dateTime));
  });
}

/** @param {string} text */
const note = (text) => h('p', { class: 'search-note', role: 'status' }, text);

/** @param {() => void} more */
const moreButton = (more) => {
  const button = h('button', { class: 'link search-note', type: 'button' }, 'More');
  button.addEventListener('click', () => {
    button.replaceChildren('Searching…');
    button.disabled = true;
    more();
  });
  return button;
};

/**
 * @param {ClientState} state
 * @param {import('@parley/client').ConversationRecord} conversation
 */
const chatLine = (state, conversation) =>
  h(
    'li',
    {},
    h(
      'a',
      { class: 'conversation', href: `#/c/${conversation.id}` },
      avatar(peerOf(conversation), conversation.type === 'direct' ? '' : 'group'),
      h('span', { class: 'conversation-name', dir: 'auto' }, nameOf(peerOf(conversation))),
      h(
        'span',
        { class: 'conversation-preview' },
        previewText({
          text: conversation.lastMessage === undefined ? '' : summaryOf(state, conversation.lastMessage),
        }),
      ),
    ),
  );

/**
 * @param {ClientState} state
 * @param {Message} message
 */
function foundLine(state, message) {
  const conversation = state.conversations[message.conversationId];
  const where = conversation === undefined ? 'Another chat' : nameOf(peerOf(conversation));
  const author = message.senderId === state.userId ? 'You' : nameFor(state, message.senderId);
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'conversation found', href: `#/c/${message.conversationId}/${message.seq}` },
      h('span', { class: 'found-icon' }, icon('general')),
      h('span', { class: 'conversation-name', dir: 'auto' }, where),
      h(
        'time',
        { class: 'conversation-time', datetime: message.createdAt, title: fullTime(message.createdAt) },
        listTime(message.createdAt),
      ),
      h(
        'span',
        { class: 'conversation-preview' },
        previewText({ author, text: `: ${summaryOf(state, message)}` }),
      ),
    ),
  );
}
