/**
 * The filters above the list.
 *
 * @import { State } from '../types.js'
 * @import { Filter } from '../selectors.js'
 */
import { unreadChats } from '../selectors.js';
import { h, setAttribute, setText } from './dom.js';
import { badge } from './format.js';

/** @type {[Filter, string][]} */
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
  /** @type {Filter} */
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

    /** @param {State} state */
    render(state) {
      const unread = unreadChats(state);
      const count = counts.get('unread');
      if (count !== undefined) setText(count, unread === 0 ? '' : badge(unread));
    },
  };
}
