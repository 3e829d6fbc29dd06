/**
 * Who is in a group: all of a small one, a large one page by page.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord, Member } from '@parley/client'
 * @import { MenuItem } from './menu.js'
 */
import { mayRemove, rightsOf } from '@parley/client/selectors';
import { nameOf, nameWithin } from '../names.js';
import { attempt } from '../sentences.js';
import { avatar } from './avatar.js';
import { ask } from './dialog.js';
import { h, icon } from './dom.js';
import { openMenu } from './menu.js';
import { openReport } from './reportDialog.js';
import { told } from './toast.js';

const ROLE_NAMES = { owner: 'Owner', admin: 'Admin', member: '' };
const PAGE = 100;
const ORDER = { owner: 0, admin: 1, member: 2 };

/**
 * @param {Client} client
 * @param {string} id
 * @param {(userId: string) => void} onWrite opens the chat with somebody
 */
export function createMemberList(client, id, onWrite) {
  const handle = client.parley.conversation(id);
  const list = h('ul', { class: 'plain-list members', 'aria-label': 'Members' });
  const more = h('button', { class: 'link', type: 'button', hidden: true }, 'Show more');
  /** Pages of a large one. @type {Member[]} */
  let loaded = [];
  /** @type {string | undefined} */
  let cursor;
  let sign = '';

  async function load() {
    const { value: page } = await attempt(handle.getMembers({ limit: PAGE, cursor }));
    if (page === undefined) return;
    loaded = [...loaded, ...page.members];
    cursor = page.nextCursor;
    more.hidden = cursor === undefined;
    render();
  }

  /** After a change: what is shown of a large group is read again from the start. */
  async function reload() {
    if (client.state().conversations[id]?.isLarge !== true) return;
    [loaded, cursor] = [[], undefined];
    await load();
  }

  function render() {
    const state = client.state();
    const conversation = state.conversations[id];
    if (conversation === undefined) return;
    const members = conversation.isLarge ? loaded : Object.values(conversation.members);
    const next = JSON.stringify([members, conversation.role]);
    if (next === sign) return;
    sign = next;
    const sorted = conversation.isLarge
      ? members
      : [...members].sort((a, b) => ORDER[a.role] - ORDER[b.role]);
    list.replaceChildren(...sorted.map((member) => line(conversation, member)));
  }

  /**
   * @param {ConversationRecord} conversation
   * @param {Member} member
   */
  function line(conversation, member) {
    const isMe = member._id === client.state().userId;
    return h(
      'li',
      { class: 'person-line' },
      avatar(member, 'small'),
      h('span', { class: 'person-name' }, h('bdi', {}, nameOf(member)), isMe ? ' (you)' : ''),
      ROLE_NAMES[member.role] === ''
        ? undefined
        : h('span', { class: `role role-${member.role}` }, ROLE_NAMES[member.role]),
      isMe ? undefined : memberButton(conversation, member),
    );
  }

  /**
   * @param {ConversationRecord} conversation
   * @param {Member} member
   */
  function memberButton(conversation, member) {
    const button = h(
      'button',
      {
        class: 'tool',
        type: 'button',
        'aria-haspopup': 'menu',
        'aria-label': `What to do with ${nameWithin(member)}`,
      },
      icon('menu'),
    );
    button.addEventListener('click', () =>
      openMenu(itemsFor(conversation, member), { opener: button, label: nameOf(member) }),
    );
    return button;
  }

  /**
   * @param {ConversationRecord} conversation
   * @param {Member} member
   * @returns {(MenuItem | undefined)[]}
   */
  function itemsFor({ role }, member) {
    const { changeRoles } = rightsOf(role);
    const become = (/** @type {Member['role']} */ next) => () =>
      void told(handle.setRole(member._id, next)).then(reload);
    return [
      { label: 'Write to them', icon: 'general', run: () => onWrite(member._id) },
      changeRoles && member.role === 'member'
        ? { label: 'Make admin', icon: 'crown', run: become('admin') }
        : undefined,
      changeRoles && member.role === 'admin'
        ? { label: 'Take the role away', icon: 'crown', run: become('member') }
        : undefined,
      changeRoles
        ? { label: 'Hand the group on to them', icon: 'crown', run: () => void handOn(member) }
        : undefined,
      { label: 'Report', icon: 'flag', isDanger: true, run: () => openReport(client, member) },
      mayRemove(role, member.role)
        ? { label: 'Remove', icon: 'leave', isDanger: true, run: () => void remove(member) }
        : undefined,
    ];
  }

  /** @param {Member} member */
  async function handOn(member) {
    const isSure = await ask({
      title: `Make ${nameWithin(member)} the owner?`,
      text: 'You become an admin. Only they can give the group back to you.',
      choices: [{ label: 'Hand on', value: true }],
    });
    if (isSure) await told(handle.setRole(member._id, 'owner')).then(reload);
  }

  /** @param {Member} member */
  async function remove(member) {
    const isSure = await ask({
      title: `Remove ${nameWithin(member)}?`,
      text: 'They hear and read nothing of it any more.',
      choices: [{ label: 'Remove', value: true }],
    });
    if (isSure) await told(handle.removeMember(member._id)).then(reload);
  }

  more.addEventListener('click', () => void load());
  if (client.state().conversations[id]?.isLarge === true) void load();
  render();
  return { element: h('div', {}, list, more), render, reload };
}
