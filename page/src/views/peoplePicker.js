/**
 * Picking people: from those one knows, or anybody by their user id.
 *
 * @import { Client } from '../client.js'
 * @import { UserView } from '@parley/client'
 */
import { nameOf, nameWithin } from '../names.js';
import { fetchDemoUsers } from '../api.js';
import { showControls } from '../bidi.js';
import { MAX_LENGTHS } from '../limits.js';
import { avatar } from './avatar.js';
import { h, icon } from './dom.js';
import { fits } from './lengthNotes.js';

const MAX_SHOWN = 100;

/**
 * @param {Client} client
 * @param {{ without?: ReadonlySet<string> }} [options] who is not offered
 */
export function createPeoplePicker(client, { without = new Set() } = {}) {
  /** @type {Set<string>} */
  const chosen = new Set();
  /** @type {Record<string, UserView>} */
  let demoUsers = {};
  const chips = h('div', { class: 'chips' });
  const field = h('input', {
    class: 'picker-field',
    type: 'text',
    placeholder: 'Name, or anybody’s user id',
    'aria-label': 'Find people',
    autocomplete: 'off',
    spellcheck: 'false',
    'data-max-length': String(MAX_LENGTHS.userId),
  });
  const list = h('ul', { class: 'people picker-list', 'aria-label': 'People' });

  /** @returns {UserView[]} */
  function candidates() {
    const { users, userId } = client.state();
    const wanted = field.value.trim().toLocaleLowerCase();
    return Object.values({ ...demoUsers, ...users })
      .filter(({ _id }) => _id !== userId && !without.has(_id))
      .filter(
        (user) =>
          nameOf(user).toLocaleLowerCase().includes(wanted) || user._id.toLocaleLowerCase().includes(wanted),
      )
      .sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
      .slice(0, MAX_SHOWN);
  }

  /** @param {string} id */
  function toggle(id) {
    if (!chosen.delete(id)) chosen.add(id);
    render();
  }

  function render() {
    chips.replaceChildren(...[...chosen].map(chip));
    chips.hidden = chosen.size === 0;
    const found = candidates();
    const typed = field.value.trim();
    const mayPick = typed !== '' && fits(field);
    const isKnown = found.some(({ _id }) => _id === typed) || chosen.has(typed) || without.has(typed);
    list.replaceChildren(...found.map(option), ...(mayPick && !isKnown ? [option({ _id: typed })] : []));
  }

  /** @param {string} id @returns {UserView} */
  const known = (id) => client.state().users[id] ?? demoUsers[id] ?? { _id: id };

  /** @param {string} id */
  const chip = (id) =>
    h(
      'button',
      {
        class: 'chip',
        type: 'button',
        'aria-label': `Leave out ${nameWithin(known(id))}`,
        click: () => toggle(id),
      },
      h('bdi', {}, nameOf(known(id))),
      icon('close'),
    );

  /** @param {UserView} user */
  const option = (user) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          class: 'person',
          type: 'button',
          role: 'checkbox',
          'aria-checked': String(chosen.has(user._id)),
          click: () => pick(user._id),
        },
        avatar(user),
        h('span', { class: 'person-name', dir: 'auto' }, nameOf(user)),
        h('span', { class: 'person-id', dir: 'auto' }, showControls(user._id)),
        h('span', { class: 'person-check' }, icon('sent')),
      ),
    );

  /** @param {string} id */
  function pick(id) {
    toggle(id);
    field.value = '';
    render();
    field.focus();
  }

  field.addEventListener('input', render);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const [first] = candidates();
    const typed = field.value.trim();
    if (typed !== '' && fits(field)) pick(first?._id ?? typed);
  });
  void fetchDemoUsers().then(
    (users) => {
      demoUsers = Object.fromEntries(users.map(({ _id, name }) => [_id, { _id, name }]));
      render();
    },
    () => {},
  );
  render();
  return { element: h('div', { class: 'picker' }, chips, field, list), chosen: () => [...chosen] };
}
