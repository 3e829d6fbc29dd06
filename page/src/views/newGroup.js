/**
 * Making a group or a channel, or joining an open one.
 *
 * @import { Client } from '../client.js'
 */
import { newId } from '../ids.js';
import { MAX_LENGTHS } from '../limits.js';
import { attempt } from '../sentences.js';
import { webAddress } from './addresses.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { createPeoplePicker } from './peoplePicker.js';
import { tellRefused } from './toast.js';

/**
 * @param {Client} client
 * @param {(conversationId: string) => void} onMade
 */
export function openNewGroup(client, onMade) {
  const picker = createPeoplePicker(client);
  // Once per dialog: pressed twice, or tried again without an answer, it makes one group.
  const clientConversationId = newId();
  const submit = h('button', { class: 'button button-primary' }, 'Create');
  const form = h(
    'form',
    { class: 'stack' },
    h(
      'div',
      { class: 'segments', role: 'radiogroup', 'aria-label': 'Kind' },
      segment('group', 'Group', true),
      segment('channel', 'Channel', false),
    ),
    h(
      'p',
      { class: 'dialog-note' },
      'Everybody writes in a group. In a channel its owner and admins post, and anybody may join.',
    ),
    field('Name', {
      name: 'name',
      required: true,
      'data-max-length': String(MAX_LENGTHS.name),
      placeholder: 'Weekend hike',
    }),
    h('fieldset', { class: 'field' }, h('legend', {}, 'Members'), picker.element),
    h(
      'details',
      {},
      h('summary', {}, 'Picture and history'),
      h(
        'div',
        { class: 'stack' },
        field('Picture’s address', {
          name: 'avatar',
          type: 'url',
          'data-max-length': String(MAX_LENGTHS.url),
          placeholder: 'https://…',
        }),
        h(
          'label',
          { class: 'choice' },
          h('input', { type: 'checkbox', name: 'all' }),
          'New members see what was said before they joined',
        ),
      ),
    ),
    h('footer', { class: 'dialog-foot' }, submit),
  );
  const dialog = openDialog({ title: 'New group', content: [form, joinForm(client, (id) => end(id))] });
  const end = (/** @type {string} */ id) => {
    dialog.close();
    onMade(id);
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const avatar = String(fields.get('avatar')).trim();
    if (avatar !== '' && webAddress(avatar) === undefined) {
      return dialog.fail('The picture’s address has to begin with https:// or http://.');
    }
    submit.disabled = true;
    const making = client.parley.conversations.createGroup({
      type: fields.get('type') === 'channel' ? 'channel' : 'group',
      name: String(fields.get('name')).trim(),
      participants: picker.chosen(),
      ...(avatar !== '' && { avatar }),
      ...(fields.get('all') !== null && { history: 'all' }),
      clientConversationId,
    });
    const made = await attempt(making);
    submit.disabled = false;
    if (made.error !== undefined) return dialog.fail(made.error);
    end(made.value.conversation.id);
    tellRefused(made.value.refused);
  });
}

/**
 * @param {string} value
 * @param {string} label
 * @param {boolean} checked
 */
const segment = (value, label, checked) =>
  h(
    'label',
    { class: 'segment' },
    h('input', { type: 'radio', name: 'type', value, checked }),
    h('span', {}, label),
  );

/**
 * @param {string} label
 * @param {Record<string, string | boolean>} attributes
 */
export const field = (label, attributes) =>
  h(
    'label',
    { class: 'field' },
    h('span', {}, label),
    h('input', { type: 'text', autocomplete: 'off', ...attributes }),
  );

/**
 * @param {Client} client
 * @param {(id: string) => void} onJoined
 */
function joinForm(client, onJoined) {
  const note = h('p', { class: 'form-error', role: 'alert' });
  const form = h(
    'form',
    { class: 'stack' },
    field('Id of an open channel or group', {
      name: 'id',
      required: true,
      pattern: '\\s*[0-9a-f]{24}\\s*',
    }),
    note,
    h('footer', { class: 'dialog-foot' }, h('button', { class: 'button button-quiet' }, 'Join')),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const id = String(new FormData(form).get('id')).trim();
    const { error } = await attempt(client.parley.conversations.join(id));
    if (error !== undefined) note.replaceChildren('It is not there, or not open.');
    else onJoined(id);
  });
  return h('details', {}, h('summary', {}, 'Join one by its id'), form);
}
