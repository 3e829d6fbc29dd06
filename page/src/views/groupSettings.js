/**
 * Name, picture and rules of a group.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord } from '@parley/client'
 */
import { MAX_LENGTHS } from '../limits.js';
import { attempt } from '../sentences.js';
import { webAddress } from './addresses.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { field } from './newGroup.js';

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 */
export function openGroupSettings(client, { id, name, avatar, history, isJoinable, type }) {
  const check = (/** @type {string} */ key, /** @type {string} */ label, /** @type {boolean} */ checked) =>
    h('label', { class: 'choice' }, h('input', { type: 'checkbox', name: key, checked }), label);
  const form = h(
    'form',
    { class: 'stack' },
    field('Name', {
      name: 'name',
      required: true,
      'data-max-length': String(MAX_LENGTHS.name),
      value: name ?? '',
    }),
    field('Picture’s address', {
      name: 'avatar',
      type: 'url',
      'data-max-length': String(MAX_LENGTHS.url),
      value: avatar ?? '',
      placeholder: 'https://…',
    }),
    check('all', 'New members see what was said before they joined', history === 'all'),
    check('open', 'Anybody who knows its id may join', isJoinable),
    h('footer', { class: 'dialog-foot' }, h('button', { class: 'button button-primary' }, 'Save')),
  );
  const dialog = openDialog({ title: type === 'channel' ? 'Edit channel' : 'Edit group', content: [form] });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const next = {
      name: String(fields.get('name')).trim(),
      avatar: String(fields.get('avatar')).trim(),
      history: /** @type {'all' | 'joined'} */ (fields.get('all') === null ? 'joined' : 'all'),
      open: fields.get('open') !== null,
    };
    if (next.avatar !== '' && webAddress(next.avatar) === undefined) {
      return dialog.fail('The picture’s address has to begin with https:// or http://.');
    }
    const change = {
      ...(next.name !== name && { name: next.name }),
      ...(next.avatar !== (avatar ?? '') && { avatar: next.avatar === '' ? null : next.avatar }),
      ...(next.history !== history && { history: next.history }),
      ...(next.open !== isJoinable && { open: next.open }),
    };
    if (Object.keys(change).length > 0) {
      const { error } = await attempt(client.parley.conversation(id).update(change));
      if (error !== undefined) return dialog.fail(error);
    }
    dialog.close();
  });
}
