/**
 * What one can do with a conversation: on one's own list, and with the people in it.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord } from '@parley/client'
 * @import { MenuItem } from './menu.js'
 */
import { isMutedAt, nowAt, unreadOf } from '@parley/client/selectors';
import { nameOf, nameWithin, peerOf } from '../names.js';
import { ask } from './dialog.js';
import { openMenu } from './menu.js';
import { openReport } from './reportDialog.js';
import { toast, told } from './toast.js';

const HOUR_MS = 3_600_000;
/** Far enough to mean: for good. */
const FOR_GOOD = '9999-01-01T00:00:00.000Z';

/**
 * @param {Client} client
 * @param {string} id
 * @param {{ opener: HTMLElement, at?: { x: number, y: number }, info?: () => void }} place
 */
export function openChatMenu(client, id, { opener, at, info }) {
  const state = client.state();
  const conversation = state.conversations[id];
  if (conversation === undefined) return;
  const isDirect = conversation.type === 'direct';
  const isUnread = conversation.isMarkedUnread || unreadOf(state, conversation) > 0;
  const handle = client.parley.conversation(id);
  /** @param {Parameters<typeof handle.updateSettings>[0]} settings */
  const set = (settings) => void told(handle.updateSettings(settings));
  openMenu(
    [
      info && { label: isDirect ? 'About this person' : 'Group info', icon: 'info', run: info },
      isUnread
        ? { label: 'Mark as read', icon: 'delivered', run: () => markRead(client, conversation) }
        : { label: 'Mark as unread', icon: 'dot', run: () => set({ markedUnread: true }) },
      {
        label: conversation.pinnedAt === undefined ? 'Pin to the top' : 'Unpin',
        icon: 'pin',
        run: () => set({ pinned: conversation.pinnedAt === undefined }),
      },
      isMutedAt(conversation, nowAt(state))
        ? { label: 'Unmute', icon: 'bell', run: () => set({ mutedUntil: null }) }
        : { label: 'Mute…', icon: 'muted', run: () => void chooseMute(set) },
      {
        label: conversation.isArchived ? 'Take out of the archive' : 'Archive',
        icon: 'archive',
        run: () => archive(client, conversation),
      },
      { label: 'Clear history', icon: 'clear', run: () => void clear(client, id) },
      { label: 'Delete chat', icon: 'trash', isDanger: true, run: () => void remove(client, id) },
      ...(isDirect ? safetyItems(client, conversation) : [leaveItem(client, conversation)]),
    ],
    { opener, at, label: nameOf(peerOf(conversation)) },
  );
}

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 */
function markRead(client, { id, lastSeq, isMarkedUnread }) {
  const handle = client.parley.conversation(id);
  handle.markRead(lastSeq);
  if (isMarkedUnread) void told(handle.updateSettings({ markedUnread: false }));
}

/** @param {(settings: { mutedUntil: string }) => void} set */
async function chooseMute(set) {
  const inHours = (/** @type {number} */ hours) => new Date(Date.now() + hours * HOUR_MS).toISOString();
  const until = await ask({
    title: 'Mute for how long?',
    text: 'What is muted is counted apart, and asks for no attention.',
    choices: [
      { label: '1 hour', value: inHours(1), tone: 'primary' },
      { label: '8 hours', value: inHours(8), tone: 'primary' },
      { label: '1 week', value: inHours(7 * 24), tone: 'primary' },
      { label: 'Always', value: FOR_GOOD, tone: 'primary' },
    ],
  });
  if (until !== undefined) set({ mutedUntil: until });
}

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 */
const archive = (client, { id, isArchived }) =>
  void told(
    client.parley.conversation(id).updateSettings({ archived: !isArchived }),
    isArchived ? undefined : 'Archived. It comes back with a new message.',
  );

/**
 * @param {Client} client
 * @param {string} id
 */
async function clear(client, id) {
  const isSure = await ask({
    title: 'Clear the history?',
    text: 'Everything said so far goes from your devices. Others keep it.',
    choices: [{ label: 'Clear', value: true }],
  });
  if (isSure) await told(client.parley.conversation(id).clearHistory());
}

/**
 * @param {Client} client
 * @param {string} id
 */
async function remove(client, id) {
  const isSure = await ask({
    title: 'Delete this chat?',
    text: 'It goes from your list with everything said so far, until a new message comes. Others keep it.',
    choices: [{ label: 'Delete', value: true }],
  });
  if (isSure) await told(client.parley.conversation(id).deleteForMe());
}

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 * @returns {MenuItem[]}
 */
export function safetyItems(client, conversation) {
  const other = peerOf(conversation);
  const { isBlocked, id } = conversation;
  return [
    {
      label: isBlocked ? 'Unblock' : 'Block',
      icon: 'block',
      isDanger: !isBlocked,
      run: () => void block(client, conversation),
    },
    { label: 'Report', icon: 'flag', isDanger: true, run: () => openReport(client, other) },
    { label: 'Unmatch', icon: 'unmatch', isDanger: true, run: () => void unmatch(client, id) },
  ];
}

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 */
async function block(client, conversation) {
  const other = peerOf(conversation);
  const { isBlocked } = conversation;
  const isSure =
    isBlocked ||
    (await ask({
      title: `Block ${nameWithin(other)}?`,
      text: 'Neither of you can write to, see or find the other any more, and in groups you do not see what they say. They are not told.',
      choices: [{ label: 'Block', value: true }],
    }));
  if (!isSure) return;
  const { safety } = client.parley;
  if (isBlocked) await told(safety.unblock(other._id), 'Unblocked');
  else await told(safety.block(other._id), 'Blocked');
}

/**
 * @param {Client} client
 * @param {string} id
 */
async function unmatch(client, id) {
  const isSure = await ask({
    title: 'Unmatch?',
    text: 'The chat closes for both of you and goes from both lists. Only a new match opens it again.',
    choices: [{ label: 'Unmatch', value: true }],
  });
  if (isSure && (await told(client.parley.safety.unmatch(id)))) toast('Unmatched');
}

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 * @returns {MenuItem}
 */
export const leaveItem = (client, conversation) => ({
  label: conversation.type === 'channel' ? 'Leave channel' : 'Leave group',
  icon: 'leave',
  isDanger: true,
  run: () => void leave(client, conversation),
});

/**
 * @param {Client} client
 * @param {ConversationRecord} conversation
 */
async function leave(client, conversation) {
  const { id, role, memberCount } = conversation;
  const next =
    role === 'owner' && memberCount > 1 ? ' The longest-standing admin or member owns it then.' : '';
  const isSure = await ask({
    title: `Leave ${nameWithin(peerOf(conversation))}?`,
    text: `You hear and read nothing of it any more.${next}`,
    choices: [{ label: 'Leave', value: true }],
  });
  if (isSure) await told(client.parley.conversation(id).leave());
}
