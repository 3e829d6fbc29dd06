/**
 * Who has seen a message, who reacted to it, and what it said before: each in a dialog.
 *
 * @import { Client } from '../client.js'
 * @import { Message, UserView } from '@parley/client'
 */
import { nameOf } from '../names.js';
import { attempt } from '../sentences.js';
import { avatar } from './avatar.js';
import { openDialog, spinner } from './dialog.js';
import { h, icon } from './dom.js';
import { clockTime, fullTime } from './format.js';
import { linked } from './links.js';

/**
 * A dialog whose content is loaded.
 *
 * @template Loaded
 * @param {string} title
 * @param {Promise<Loaded>} loading
 * @param {(loaded: Loaded) => (Node | string)[]} show
 */
async function openLoaded(title, loading, show) {
  const body = h('div', {}, spinner());
  const dialog = openDialog({ title, content: [body] });
  const loaded = await attempt(loading);
  body.replaceChildren(...(loaded.error === undefined ? show(loaded.value) : []));
  dialog.fail(loaded.error);
}

/** @param {Client} client @param {Message} message */
const handleOf = ({ parley }, { conversationId }) => parley.conversation(conversationId);

/**
 * @param {Client} client
 * @param {Message} message
 */
export const openReceipts = (client, message) =>
  openLoaded(
    'Seen by',
    handleOf(client, message).getReceipts(message.seq),
    ({ readCount, deliveredCount, recipientCount, members }) => {
      if (members === undefined) {
        return [
          h('p', { class: 'figure' }, String(readCount)),
          h(
            'p',
            { class: 'figure-note' },
            `of ${recipientCount === 1 ? '1 other has' : `${recipientCount} others have`} seen this message`,
          ),
          ...(deliveredCount > readCount
            ? [h('p', { class: 'figure-note' }, `${deliveredCount} have received it`)]
            : []),
        ];
      }
      const read = members.filter(({ readAt }) => readAt !== undefined);
      const got = members.filter(
        ({ readAt, deliveredAt }) => readAt === undefined && deliveredAt !== undefined,
      );
      const others = members.filter(
        ({ readAt, deliveredAt }) => readAt === undefined && deliveredAt === undefined,
      );
      return [
        ...group(
          'Read',
          'delivered',
          read.map(({ user, readAt }) => ({ user, at: readAt })),
        ),
        ...group(
          'Delivered',
          'delivered',
          got.map(({ user, deliveredAt }) => ({ user, at: deliveredAt })),
        ),
        ...group(
          'Not yet',
          'sent',
          others.map(({ user }) => ({ user, at: undefined })),
        ),
      ];
    },
  );

/**
 * @param {string} title
 * @param {string} name
 * @param {{ user: UserView, at: string | undefined }[]} people
 */
const group = (title, name, people) =>
  people.length === 0
    ? []
    : [
        h(
          'h3',
          { class: title === 'Read' ? 'list-title is-read' : 'list-title' },
          icon(name),
          `${title} · ${people.length}`,
        ),
        h(
          'ul',
          { class: 'plain-list' },
          ...people.map(({ user, at }) => personLine(user, at === undefined ? '' : timeOf(at))),
        ),
      ];

/** @param {string} iso */
const timeOf = (iso) => (Date.now() - Date.parse(iso) < 86_400_000 ? clockTime(iso) : fullTime(iso));

/**
 * @param {UserView} user
 * @param {string} note
 */
const personLine = (user, note) =>
  h(
    'li',
    { class: 'person-line' },
    avatar(user, 'small'),
    h('span', { class: 'person-name', dir: 'auto' }, nameOf(user)),
    h('span', { class: 'person-note' }, note),
  );

/**
 * @param {Client} client
 * @param {Message} message
 */
export const openReactions = (client, message) =>
  openLoaded('Reactions', handleOf(client, message).getReactions(message.seq), (reactions) => [
    reactions.length === 0
      ? h('p', { class: 'dialog-text' }, 'Nobody has reacted to this message.')
      : h('ul', { class: 'plain-list' }, ...reactions.map(({ emoji, user }) => personLine(user, emoji))),
  ]);

/**
 * @param {Client} client
 * @param {Message} message
 */
export const openVersions = (client, message) =>
  openLoaded('Earlier versions', handleOf(client, message).getEdits(message.seq), (edits) => [
    h(
      'ol',
      { class: 'plain-list versions' },
      ...edits.map(({ content, at }) =>
        h(
          'li',
          {},
          h('p', { class: 'text', dir: 'auto' }, ...linked(content)),
          h('time', { class: 'person-note', datetime: at }, fullTime(at)),
        ),
      ),
    ),
  ]);
