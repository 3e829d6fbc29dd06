/**
 * What one shows of oneself, and whom one has blocked.
 *
 * @import { Client } from '../client.js'
 * @import { PrivacyView, UserView } from '@parley/client'
 */
import { nameOf } from '../names.js';
import { attempt } from '../sentences.js';
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
  const { safety } = client.parley;
  const loaded = await attempt(Promise.all([safety.getPrivacy(), safety.getBlocked()]));
  if (loaded.error !== undefined) {
    privacy.replaceChildren();
    blocked.replaceChildren();
    return dialog.fail(loaded.error);
  }
  const [settings, page] = loaded.value;
  privacy.replaceChildren(...privacyFields(client, settings));
  showBlocked(client, blocked, page);
}

/**
 * @param {Client} client
 * @param {PrivacyView} privacy
 */
function privacyFields(client, privacy) {
  const toggle = (/** @type {'readReceipts' | 'typing'} */ name, /** @type {string} */ label) => {
    const input = h('input', { type: 'checkbox', role: 'switch', checked: privacy[name] });
    input.addEventListener('change', async () => {
      const isSet = await told(client.parley.safety.updatePrivacy({ [name]: input.checked }), 'Saved');
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
 * @param {PrivacyView} privacy
 * @param {{ name: 'lastSeen' | 'addToGroups', label: string }} setting
 */
function audienceField(client, privacy, { name, label }) {
  const option = (/** @type {PrivacyView['lastSeen']} */ value, /** @type {string} */ text) =>
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
    const wanted = /** @type {PrivacyView['lastSeen']} */ (select.value);
    if (await told(client.parley.safety.updatePrivacy({ [name]: wanted }), 'Saved')) saved = wanted;
    else select.value = saved;
  });
  return h('label', { class: 'switch' }, h('span', {}, label), select);
}

/**
 * @param {Client} client
 * @param {HTMLElement} element
 * @param {{ users: readonly UserView[], nextCursor?: string | undefined }} page
 */
function showBlocked(client, element, { users, nextCursor }) {
  const list = h('ul', { class: 'plain-list' }, ...users.map((user) => blockedLine(client, user)));
  const more = async () => {
    const { value: page } = await attempt(client.parley.safety.getBlocked({ cursor: nextCursor }));
    if (page !== undefined) showBlocked(client, element, { ...page, users: [...users, ...page.users] });
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
 * @param {UserView} user
 */
function blockedLine(client, user) {
  const line = h('li', { class: 'person-line' });
  const unblock = async () => {
    if (await told(client.parley.safety.unblock(user._id), 'Unblocked')) line.remove();
  };
  line.append(
    avatar(user, 'small'),
    h('span', { class: 'person-name', dir: 'auto' }, nameOf(user)),
    h('button', { class: 'button button-quiet', type: 'button', click: () => void unblock() }, 'Unblock'),
  );
  return line;
}
