import type { Action, ClientState, Message, PendingMessage, QuoteView } from '@parley/client';
import { userOf } from '@parley/client/selectors';
import type { TextKey, Translate } from './context.js';
import { showControls, showInvisible, withoutControls } from './bidi.js';
import { nameIn, nameOf } from './state.js';
import type { IconName } from './parts/icons.js';

const KIND_KEYS: Readonly<Record<string, TextKey>> = {
  image: 'image',
  voice: 'voice',
  file: 'file',
  location: 'location',
  card: 'card',
  hidden: 'hiddenMessage',
  deleted: 'deleted',
};

export const KIND_ICONS: Readonly<Record<string, IconName>> = {
  image: 'image',
  voice: 'voice',
  file: 'file',
  location: 'location',
  card: 'product',
};

/** One line about a quoted message, or one of which only kind and text are known. */
export function wordsOf({ kind, content }: Pick<QuoteView, 'kind' | 'content'>, t: Translate): string {
  if (content !== undefined && content !== '') return oneLine(content);
  const key = KIND_KEYS[kind];
  return key === undefined ? t('earlierMessage') : t(key);
}

/** A message in a few words: for lists, pins and screen readers. */
export function summaryOf(state: ClientState, message: Message, t: Translate): string {
  if (message.deletedAt !== undefined) return t('deleted');
  if (message.kind === 'system') return systemText(state, message, t) ?? '';
  const { content, attachments, card, location, kind } = message;
  if (content !== '') return oneLine(content);
  const title = card?.title ?? location?.title;
  if (title !== undefined) return showControls(title);
  // Recorders name their files for computers.
  const fileName = kind === 'voice' ? '' : showInvisible(attachments[0]?.name ?? '');
  return fileName === '' ? wordsOf({ kind }, t) : fileName;
}

const oneLine = (text: string): string => withoutControls(text).replaceAll(/\s+/g, ' ');

/** Kind of a message that is not sent yet. */
export function kindOf({ attachments, uploads = [], location, card }: PendingMessage): Message['kind'] {
  if (location !== undefined) return 'location';
  if (card !== undefined) return 'card';
  const [first] = attachments ?? [];
  if (first === undefined) return uploads.length > 0 ? 'file' : 'text';
  return 'kind' in first ? first.kind : 'file';
}

const MAX_NAMES = 4;

/** A change of the group as a sentence; undefined when there is nothing to tell. */
export function systemText(
  state: ClientState,
  { senderId, action }: Pick<Message, 'senderId' | 'action'>,
  t: Translate,
): string | undefined {
  if (action === undefined) return undefined;
  const nameFor = (userId: string): string =>
    userId === state.userId ? nameIn(state, userId, t) : nameOf(userOf(state, userId), t);
  return sentenceOf(action, { name: nameFor(senderId), nameFor, t });
}

interface Speaker {
  name: string;
  nameFor: (userId: string) => string;
  t: Translate;
}

function sentenceOf(action: Action, { name, nameFor, t }: Speaker): string | undefined {
  switch (action.type) {
    case 'created':
      return action.name === undefined
        ? t('sysCreatedPlain', { name })
        : t('sysCreated', { name, group: showControls(action.name) });
    case 'added':
      return t('sysAdded', { name, others: listOfNames(action.userIds, nameFor, t) });
    case 'removed':
      return t('sysRemoved', { name, others: listOfNames(action.userIds, nameFor, t) });
    case 'joined':
      return t('sysJoined', { name });
    case 'left':
      return action.successor === undefined
        ? t('sysLeft', { name })
        : t('sysLeftOwner', { name, other: nameFor(action.successor) });
    case 'role':
      return t('sysRole', { name, other: nameFor(action.userId), role: t(action.role) });
    case 'renamed':
      return t('sysRenamed', { name, group: showControls(action.name) });
    case 'avatar':
      return t(action.avatar === undefined ? 'sysPictureGone' : 'sysPicture', { name });
    case 'settings':
      return t('sysSettings', { name });
    case 'reopened':
      return t('sysReopened');
    case 'blocked':
    case 'unblocked':
    case 'unmatched':
    case 'sealed':
      return undefined;
  }
}

function listOfNames(ids: readonly string[], nameFor: (id: string) => string, t: Translate): string {
  const names = ids.slice(0, MAX_NAMES).map(nameFor).join(t('comma'));
  const more = ids.length - MAX_NAMES;
  return more > 0 ? `${names} ${t.count('andMore', more)}` : names;
}
