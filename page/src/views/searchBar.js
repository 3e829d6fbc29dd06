/**
 * Searching in the open conversation: what was found is gone through, the newest first.
 *
 * @import { Client } from '../client.js'
 * @import { Message } from '@parley/client'
 */
import { nameFor } from '../names.js';
import { excessOf, MAX_LENGTHS } from '../limits.js';
import { isOnline, online } from '../online.js';
import { attempt } from '../sentences.js';
import { h, setText } from './dom.js';

const WAIT_MS = 250;
const PAGE = 30;

/**
 * @typedef {object} SearchParts
 * @property {HTMLFormElement} form
 * @property {HTMLInputElement} words
 * @property {HTMLSelectElement} sender
 * @property {HTMLElement} count
 * @property {HTMLButtonElement} older
 * @property {HTMLButtonElement} newer
 * @property {HTMLButtonElement} close
 *
 * @param {SearchParts} parts
 * @param {Client} client
 * @param {(seq: number) => void} jump
 */
export function mountSearchBar({ form, words, sender, count, older, newer, close }, client, jump) {
  /** @type {Message[]} */
  let found = [];
  /** @type {string | undefined} */
  let cursor;
  let index = 0;
  /** The newest question: an answer to an older one is dropped. */
  let asked = 0;
  /** @type {string | undefined} */
  let conversationId;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function wanted() {
    const text = words.value.trim();
    return {
      conversationId,
      ...(text !== '' && { words: text }),
      ...(sender.value !== '' && { senderId: sender.value }),
    };
  }

  /** @param {Parameters<typeof client.parley.conversations.search>[0]} what */
  const find = (what) => attempt(client.parley.conversations.search({ ...what, limit: PAGE }));

  /** @returns {Promise<void>} */
  async function search() {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    [found, cursor, index] = [[], undefined, 0];
    const what = wanted();
    if (!('words' in what) && !('senderId' in what)) return show('');
    const excess = excessOf(words.value, MAX_LENGTHS.words);
    if (excess !== undefined) return show(excess);
    show('Searching…');
    const wasOnline = isOnline(client.parley);
    const answer = await find(what);
    if (mine !== asked) return;
    if (answer.error !== undefined) {
      show(answer.error);
      if (wasOnline) return;
      await online(client.parley);
      return mine === asked ? search() : undefined;
    }
    [found, cursor] = [answer.value.messages, answer.value.nextCursor];
    go(0);
  }

  /** @param {number} next */
  async function go(next) {
    if (next >= found.length && cursor !== undefined) await more();
    if (found.length === 0) return show('Nothing found');
    index = Math.max(0, Math.min(next, found.length - 1));
    show(`${index + 1} of ${found.length}${cursor === undefined ? '' : '+'}`);
    jump(found[index].seq);
  }

  async function more() {
    const mine = asked;
    const answer = await find({ ...wanted(), cursor });
    if (mine !== asked || answer.error !== undefined) return;
    found = [...found, ...answer.value.messages];
    cursor = answer.value.nextCursor;
  }

  /** @param {string} text */
  function show(text) {
    setText(count, text);
    older.disabled = found.length === 0 || (index >= found.length - 1 && cursor === undefined);
    newer.disabled = found.length === 0 || index === 0;
  }

  function hide() {
    form.hidden = true;
    asked += 1;
    clearTimeout(timer);
  }

  words.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  sender.addEventListener('change', () => void search());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (found.length === 0) void search();
    else void go(index + 1);
  });
  older.addEventListener('click', () => void go(index + 1));
  newer.addEventListener('click', () => void go(index - 1));
  close.addEventListener('click', hide);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    hide();
  });

  return {
    hide,

    /** @param {string} id */
    open(id) {
      const state = client.state();
      conversationId = id;
      const people = Object.keys(state.conversations[id]?.members ?? {});
      sender.hidden = people.length === 0;
      sender.replaceChildren(
        h('option', { value: '' }, 'From anybody'),
        ...people.map((userId) =>
          h('option', { value: userId }, userId === state.userId ? 'From me' : nameFor(state, userId)),
        ),
      );
      form.hidden = false;
      form.reset();
      void search();
      words.focus();
    },
  };
}
