/**
 * About the open conversation: the group with its members, or the other person.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord } from '@parley/client'
 */
import { rightsOf } from '@parley/client/selectors';
import { showControls } from '../bidi.js';
import { nameOf, peerOf } from '../names.js';
import { attempt } from '../sentences.js';
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
  const conversation = client.state().conversations[id];
  if (conversation === undefined) return;
  const isDirect = conversation.type === 'direct';
  const members = isDirect ? undefined : createMemberList(client, id, (userId) => void write(userId));
  const top = h('div', { class: 'info-top' });
  const tools = h('div', { class: 'info-tools' });
  let sign = '';

  /** @param {string} userId */
  async function write(userId) {
    const started = await attempt(client.startChat(userId));
    if (started.error !== undefined) return toast(started.error, 'error');
    dialog.close();
    location.hash = `#/c/${started.value}`;
  }

  function render() {
    const state = client.state();
    const now = state.conversations[id];
    if (now === undefined) return dialog.close();
    members?.render();
    const next = JSON.stringify([
      peerOf(now),
      now.role,
      now.memberCount,
      now.isBlocked,
      subtitle(state, now),
    ]);
    if (next === sign) return;
    sign = next;
    top.replaceChildren(
      avatar(peerOf(now), isDirect ? 'large' : 'large group'),
      h('p', { class: 'info-name', dir: 'auto' }, nameOf(peerOf(now))),
      h('p', { class: 'info-note' }, isDirect ? subtitle(state, now) : sizeOf(now)),
      isDirect ? h('p', { class: 'info-id', dir: 'auto' }, showControls(now.otherUserId)) : '',
    );
    tools.replaceChildren(...toolsFor(now));
  }

  /** @param {ConversationRecord} now */
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
      ...(isDirect || !now.isJoinable ? [] : [tool('link', 'Copy id', () => void copyId(id))]),
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
  const unsubscribe = client.subscribe(perFrame(render));
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
 * @param {ConversationRecord} conversation
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
 * @param {ConversationRecord} conversation
 * @param {{ reload: () => Promise<void> } | undefined} members
 */
function openAdd(client, { id, members: known }, members) {
  const picker = createPeoplePicker(client, { without: new Set(Object.keys(known)) });
  const add = h('button', { class: 'button button-primary', type: 'button' }, 'Add');
  const dialog = openDialog({
    title: 'Add members',
    content: [picker.element, h('footer', { class: 'dialog-foot' }, add)],
  });
  add.addEventListener('click', async () => {
    const chosen = picker.chosen();
    if (chosen.length === 0) return dialog.fail('Pick somebody first.');
    setText(add, 'Adding…');
    const added = await attempt(client.parley.conversation(id).addMembers(chosen));
    setText(add, 'Add');
    if (added.error !== undefined) return dialog.fail(added.error);
    dialog.close();
    tellRefused(added.value);
    await members?.reload();
  });
}
