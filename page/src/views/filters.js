/**
 * The filters above the list.
 *
 * @import { ClientState, ConversationFilter } from '@parley/client'
 */
import { unreadConversations } from '@parley/client/selectors';
import { h, setAttribute, setText } from './dom.js';
import { badge } from './format.js';

/** @type {[ConversationFilter, string][]} */
const FILTERS = [
  ['all', 'All'],
  ['unread', 'Unread'],
  ['groups', 'Groups'],
  ['archived', 'Archived'],
];

/**
 * @param {HTMLElement} element
 * @param {() => void} onChosen
 */
export function mountFilters(element, onChosen) {
  /** @type {ConversationFilter} */
  let chosen = 'all';
  const counts = new Map(FILTERS.map(([filter]) => [filter, h('span', { class: 'filter-count' })]));
  const buttons = FILTERS.map(([filter, label]) => {
    const choose = () => {
      chosen = filter;
      mark();
      onChosen();
    };
    return h('button', { class: 'filter', type: 'button', click: choose }, label, counts.get(filter));
  });
  const mark = () =>
    buttons.forEach((button, index) =>
      setAttribute(button, 'aria-pressed', String(FILTERS[index][0] === chosen)),
    );
  element.replaceChildren(...buttons);
  mark();
  return {
    chosen: () => chosen,

    /** @param {ClientState} state */
    render(state) {
      const unread = unreadConversations(state);
      const count = counts.get('unread');
      if (count !== undefined) setText(count, unread === 0 ? '' : badge(unread));
    },
  };
}
