/**
 * What one shows of oneself, and whom one has blocked.
 *
 * @import { Client } from '../client.js'
 * @import { Privacy, User } from '../types.js'
 */
import { nameOf } from '../selectors.js';
import { avatar } from './avatar.js';
import { openDialog, spinner } from './dialog.js';
import { h } from './dom.js';
import { told } from './toast.js';

/** @param {Client} client */
export async function openSettings(client) {
  const privacy = h('div', { class: 'stack' }, spinner());
  const blocked = h('div', {}, spinner());
  const dialog = openDialog({
    title: 'Privacy',
    content: [
      privacy,
      h('p', { class: 'dialog-note' }, 'What you switch off you do not see of others either.'),
      h('h3', { class: 'list-title' }, 'Blocked'),
      blocked,
    ],
  });
  const [settings, page] = await Promise.all([client.safety.privacy(), client.safety.blocked()]);
  if ('error' in settings || 'error' in page) {
    privacy.replaceChildren();
    blocked.replaceChildren();
    dialog.fail('error' in settings ? settings.error : 'error' in page ? page.error : '');
    return;
  }
  privacy.replaceChildren(...privacyFields(client, settings.privacy));
  showBlocked(client, blocked, page);
}

/**
 * @param {Client} client
 * @param {Privacy} privacy
 */
function privacyFields(client, privacy) {
  const toggle = (/** @type {'readReceipts' | 'typing'} */ name, /** @type {string} */ label) => {
    const input = h('input', { type: 'checkbox', role: 'switch', checked: privacy[name] });
    input.addEventListener('change', async () => {
      const isSet = await told(client.safety.updatePrivacy({ [name]: input.checked }), 'Saved');
      if (!isSet) input.checked = !input.checked;
    });
    return h('label', { class: 'switch' }, h('span', {}, label), input);
  };
  return [
    toggle('readReceipts', 'Others see what you have read'),
    toggle('typing', 'Others see you type'),
    audienceField(client, privacy, { name: 'lastSeen', label: 'Who sees when you were here' }),
    audienceField(client, privacy, { name: 'addToGroups', label: 'Who may add you to groups' }),
  ];
}

/**
 * @param {Client} client
 * @param {Privacy} privacy
 * @param {{ name: 'lastSeen' | 'addToGroups', label: string }} setting
 */
function audienceField(client, privacy, { name, label }) {
  const option = (/** @type {Privacy['lastSeen']} */ value, /** @type {string} */ text) =>
    h('option', { value, selected: value === privacy[name] }, text);
  const select = h(
    'select',
    {},
    option('everyone', 'Everyone'),
    option('contacts', 'People I chat with'),
    option('nobody', 'Nobody'),
  );
  let saved = privacy[name];
  select.addEventListener('change', async () => {
    const wanted = /** @type {Privacy['lastSeen']} */ (select.value);
    if (await told(client.safety.updatePrivacy({ [name]: wanted }), 'Saved')) saved = wanted;
    else select.value = saved;
  });
  return h('label', { class: 'switch' }, h('span', {}, label), select);
}

/**
 * @param {Client} client
 * @param {HTMLElement} element
 * @param {import('../safety.js').BlockedPage} page
 */
function showBlocked(client, element, { users, nextCursor }) {
  const list = h('ul', { class: 'plain-list' }, ...users.map((user) => blockedLine(client, user)));
  const more = async () => {
    const page = await client.safety.blocked(nextCursor);
    if (!('error' in page)) showBlocked(client, element, { ...page, users: [...users, ...page.users] });
  };
  element.replaceChildren(
    users.length === 0 ? h('p', { class: 'dialog-note' }, 'You have blocked nobody.') : list,
    nextCursor === undefined
      ? ''
      : h('button', { class: 'link', type: 'button', click: () => void more() }, 'Show more'),
  );
}

/**
 * @param {Client} client
 * @param {User} user
 */
function blockedLine(client, user) {
  const line = h('li', { class: 'person-line' });
  const unblock = async () => {
    if (await told(client.safety.block(user._id, false), 'Unblocked')) line.remove();
  };
  line.append(
    avatar(user, 'small'),
    h('span', { class: 'person-name', dir: 'auto' }, nameOf(user)),
    h('button', { class: 'button button-quiet', type: 'button', click: () => void unblock() }, 'Unblock'),
  );
  return line;
}
