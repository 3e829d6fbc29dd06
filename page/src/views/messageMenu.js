/**
 * What one can do with a message: react, reply, edit, pin, see who has got it, report, delete. Offered is what the
 * server would allow; it decides.
 *
 * @import { Client } from '../client.js'
 * @import { ConversationRecord, Message } from '@parley/client'
 */
import { mayManage, rightsOf } from '@parley/client/selectors';
import { whyClosed } from '../sentences.js';
import { ask } from './dialog.js';
import { h, icon } from './dom.js';
import { openMenu } from './menu.js';
import { openReactions, openReceipts, openVersions } from './messageInfo.js';
import { openReport } from './reportDialog.js';
import { toast, told } from './toast.js';

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const MORE = [
  '🔥',
  '🎉',
  '👏',
  '💯',
  '😍',
  '🤔',
  '😅',
  '😎',
  '🥳',
  '🤝',
  '👀',
  '✅',
  '❌',
  '😡',
  '💔',
  '🙌',
  '☕',
  '🌹',
];

/**
 * @param {Client} client
 * @param {{ reply: (message: Message) => void, edit: (message: Message) => void }} composer
 */
export function createMessageMenu(client, composer) {
  /** @param {Message} message */
  const handleOf = ({ conversationId }) => client.parley.conversation(conversationId);

  /**
   * @param {Message} message
   * @param {string} emoji
   */
  function react(message, emoji) {
    const known = (message.reactions ?? []).find((one) => one.emoji === emoji);
    void told(handleOf(message).react(message.seq, emoji, known?.own !== true));
  }

  /** @param {Message} message */
  async function remove(message) {
    const { userId, conversations } = client.state();
    const conversation = conversations[message.conversationId];
    const isMine = message.senderId === userId;
    const mayForAll =
      message.deletedAt === undefined &&
      (isMine || (conversation?.type !== 'direct' && rightsOf(conversation?.role ?? 'member').manage));
    const whom = await ask({
      title: 'Delete this message?',
      text: mayForAll
        ? 'For everyone: its text is gone from the server as well, only its place stays. For you: others keep it.'
        : 'It goes from your devices. Others keep it.',
      choices: [
        {
          label: 'For me',
          value: /** @type {'me' | 'everyone'} */ ('me'),
          tone: mayForAll ? 'primary' : 'danger',
        },
        mayForAll
          ? { label: 'For everyone', value: /** @type {'me' | 'everyone'} */ ('everyone') }
          : undefined,
      ],
    });
    if (whom !== undefined) await told(handleOf(message).delete(message.seq, whom));
  }

  /** @param {Message} message */
  async function copy(message) {
    await navigator.clipboard?.writeText(message.content).then(
      () => toast('Copied'),
      () => toast('This browser does not let the page copy.', 'error'),
    );
  }

  /**
   * @param {Message} message
   * @param {ConversationRecord} conversation
   */
  function itemsFor(message, conversation) {
    const isMine = message.senderId === client.state().userId;
    const isOpen = conversation !== undefined && !conversation.isClosed;
    const isDeleted = message.deletedAt !== undefined;
    const mayWrite = whyClosed(conversation) === undefined;
    const isPinned = conversation.pinnedMessages.includes(message.seq);
    const when = (/** @type {boolean} */ isOffered, /** @type {import('./menu.js').MenuItem} */ item) =>
      isOffered ? item : undefined;
    return [
      when(mayWrite && !isDeleted, { label: 'Reply', icon: 'reply', run: () => composer.reply(message) }),
      when(isMine && mayWrite && !isDeleted && message.content !== '', {
        label: 'Edit',
        icon: 'edit',
        run: () => composer.edit(message),
      }),
      when(!isDeleted && message.content !== '', {
        label: 'Copy text',
        icon: 'copy',
        run: () => void copy(message),
      }),
      when(isOpen && !isDeleted && mayManage(conversation), {
        label: isPinned ? 'Unpin' : 'Pin for everybody',
        icon: 'pin',
        run: () => void told(handleOf(message).pin(message.seq, !isPinned)),
      }),
      when(!isDeleted && (isMine || conversation.type === 'channel'), {
        label: conversation.type === 'channel' ? 'Seen by' : 'Who has read it',
        icon: 'delivered',
        run: () => openReceipts(client, message),
      }),
      when((message.reactions ?? []).length > 0, {
        label: 'Who reacted',
        icon: 'smile',
        run: () => openReactions(client, message),
      }),
      when(message.editedAt !== undefined && !isDeleted, {
        label: 'Earlier versions',
        icon: 'clock',
        run: () => openVersions(client, message),
      }),
      when(!isMine && !isDeleted, {
        label: 'Report',
        icon: 'flag',
        isDanger: true,
        run: () => openReport(client, message),
      }),
      { label: 'Delete', icon: 'trash', isDanger: true, run: () => void remove(message) },
    ];
  }

  /**
   * @param {Message} message
   * @param {() => void} close
   */
  function emojiBar(message, close) {
    const pick = (/** @type {string} */ emoji) =>
      h(
        'button',
        {
          class: 'emoji',
          type: 'button',
          role: 'menuitem',
          'aria-label': `React with ${emoji}`,
          click() {
            close();
            react(message, emoji);
          },
        },
        emoji,
      );
    const more = h(
      'button',
      { class: 'emoji', type: 'button', role: 'menuitem', 'aria-label': 'More reactions' },
      icon('compose'),
    );
    const bar = h('div', { class: 'emoji-bar' }, ...QUICK.map(pick), more);
    more.addEventListener('click', () => {
      const [first, ...others] = MORE.map(pick);
      more.replaceWith(first, ...others);
      first.focus();
    });
    return bar;
  }

  return {
    react,

    /**
     * @param {Message} message
     * @param {HTMLElement} opener
     * @param {{ x: number, y: number }} [at]
     */
    open(message, opener, at) {
      const conversation = client.state().conversations[message.conversationId];
      if (conversation === undefined) return;
      const mayReact = message.deletedAt === undefined && !conversation.isClosed;
      const menu = openMenu(itemsFor(message, conversation), {
        opener,
        at,
        label: 'Message',
        head: mayReact ? emojiBar(message, () => menu.close()) : undefined,
      });
    },
  };
}
