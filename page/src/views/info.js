/**
 * About the open conversation: the group with its members, or the other person.
 *
 * @import { Client } from '../client.js'
 * @import { Conversation } from '../types.js'
 */
import { showControls } from '../bidi.js';
import { nameOf, otherOf, rightsOf } from '../selectors.js';
import { avatar } from './avatar.js';
import { sizeOf, subtitle } from './chatHead.js';
import { leaveItem, safetyItems } from './chatMenu.js';
import { openDialog } from './dialog.js';
import { h, icon, perFrame, setText } from './dom.js';
import { openGroupSettings } from './groupSettings.js';
import { createMemberList } from './memberList.js';
import { everyMinute } from './minutes.js';
import { createPeoplePicker } from './peoplePicker.js';
import { tellRefused, toast } from './toast.js';

/**
 * @param {Client} client
 * @param {string} id
 * @param {{ search: () => void }} actions
 */
export function openInfo(client, id, { search }) {
  const conversation = client.store.getState().conversations[id];
  if (conversation === undefined) return;
  const isDirect = conversation.type === 'direct';
  const members = isDirect ? undefined : createMemberList(client, id, (userId) => void write(userId));
  const top = h('div', { class: 'info-top' });
  const tools = h('div', { class: 'info-tools' });
  let sign = '';

  /** @param {string} userId */
  async function write(userId) {
    const outcome = await client.startChat(userId, undefined);
    if ('error' in outcome) return toast(outcome.error, 'error');
    dialog.close();
    location.hash = `#/c/${outcome.id}`;
  }

  function render() {
    const state = client.store.getState();
    const now = state.conversations[id];
    if (now === undefined) return dialog.close();
    members?.render();
    const next = JSON.stringify([
      otherOf(now),
      now.role,
      now.memberCount,
      now.isBlocked,
      subtitle(state, now),
    ]);
    if (next === sign) return;
    sign = next;
    top.replaceChildren(
      avatar(otherOf(now), isDirect ? 'large' : 'large group'),
      h('p', { class: 'info-name', dir: 'auto' }, nameOf(otherOf(now))),
      h('p', { class: 'info-note' }, isDirect ? subtitle(state, now) : sizeOf(now)),
      isDirect ? h('p', { class: 'info-id', dir: 'auto' }, showControls(now.otherId)) : '',
    );
    tools.replaceChildren(...toolsFor(now));
  }

  /** @param {Conversation} now */
  function toolsFor(now) {
    const { manage } = rightsOf(now.role);
    const find = () => {
      dialog.close();
      search();
    };
    return [
      tool('search', 'Search', find),
      ...(isDirect || !manage
        ? []
        : [
            tool('addPerson', 'Add people', () => openAdd(client, now, members)),
            tool('edit', 'Edit group', () => openGroupSettings(client, now)),
          ]),
      ...(isDirect || !now.isOpen ? [] : [tool('link', 'Copy id', () => void copyId(id))]),
    ];
  }

  const dialog = openDialog({
    title: isDirect ? 'About' : conversation.type === 'channel' ? 'Channel' : 'Group',
    className: 'drawer',
    content: [
      top,
      tools,
      ...(members === undefined ? [] : [h('h3', { class: 'list-title' }, 'Members'), members.element]),
      h('div', { class: 'info-dangers' }, ...dangers(client, conversation, () => dialog.close())),
    ],
    onClose() {
      unsubscribe();
      stopMinutes();
    },
  });
  const unsubscribe = client.store.subscribe(perFrame(render));
  const stopMinutes = everyMinute(render);
  render();
}

/**
 * @param {string} name
 * @param {string} label
 * @param {() => void} run
 */
const tool = (name, label, run) =>
  h('button', { class: 'info-tool', type: 'button', click: run }, icon(name), h('span', {}, label));

/**
 * @param {Client} client
 * @param {Conversation} conversation
 * @param {() => void} close
 */
function dangers(client, conversation, close) {
  const items =
    conversation.type === 'direct' ? safetyItems(client, conversation) : [leaveItem(client, conversation)];
  return items.map(({ label, icon: name, run }) => {
    const act = () => {
      close();
      run();
    };
    return h('button', { class: 'menu-item danger', type: 'button', click: act }, icon(name), label);
  });
}

/** @param {string} id */
async function copyId(id) {
  await navigator.clipboard?.writeText(id).then(
    () => toast('Copied. Whoever has it may join.'),
    () => toast(id),
  );
}

/**
 * @param {Client} client
 * @param {Conversation} conversation
 * @param {{ reload: () => Promise<void> } | undefined} members
 */
function openAdd(client, { id, people }, members) {
  const picker = createPeoplePicker(client, { without: new Set(Object.keys(people)) });
  const add = h('button', { class: 'button button-primary', type: 'button' }, 'Add');
  const dialog = openDialog({
    title: 'Add members',
    content: [picker.element, h('footer', { class: 'dialog-foot' }, add)],
  });
  add.addEventListener('click', async () => {
    const chosen = picker.chosen();
    if (chosen.length === 0) return dialog.fail('Pick somebody first.');
    setText(add, 'Adding…');
    const outcome = await client.groups.add(id, chosen);
    setText(add, 'Add');
    if ('error' in outcome) return dialog.fail(outcome.error);
    dialog.close();
    tellRefused(outcome.data.refused);
    await members?.reload();
  });
}
