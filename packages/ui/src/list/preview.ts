import { SYSTEM_USER_ID, type ClientState, type Conversation, type Message } from '@parley/client';
import { isConnected, pendingOf, statusOf } from '@parley/client/selectors';
import { markOf } from '../bidi.js';
import type { Translate } from '../context.js';
import type { IconName } from '../parts/icons.js';
import { nameIn } from '../state.js';
import { KIND_ICONS, kindOf, summaryOf, wordsOf } from '../summary.js';

/** Delivery status of an own message, with those that the server does not know. */
export type Tick = 'sending' | 'failed' | Message['status'];

export interface Preview {
  text: string;
  tone: 'soft' | 'accent' | 'danger';
  tick?: Tick | undefined;
  icon?: IconName | undefined;
}

/** The second line of a row: who types, else a draft, else the newest message. */
export function previewOf(
  state: ClientState,
  conversation: Conversation,
  { t, draft, direction }: { t: Translate; draft: string; direction: 'ltr' | 'rtl' },
): Preview {
  const typist = isConnected(state) ? state.typing[conversation.id]?.at(-1) : undefined;
  if (typist !== undefined) {
    const isDirect = conversation.type === 'direct';
    const name = nameIn(state, typist, t);
    const text = isDirect ? t('typing') : `${markOf('', direction)}${t('typingOne', { name })}`;
    return { text, tone: 'accent' };
  }
  if (draft !== '') return { text: t('draft', { text: draft }), tone: 'danger' };
  const pending = pendingOf(state, conversation.id).at(-1);
  if (pending !== undefined) {
    const tick = pending.status === 'failed' ? 'failed' : 'sending';
    return { text: wordsOf({ kind: kindOf(pending), content: pending.content }, t), tone: 'soft', tick };
  }
  return newestOf(state, conversation, { t, direction });
}

function newestOf(
  state: ClientState,
  conversation: Conversation,
  { t, direction }: { t: Translate; direction: 'ltr' | 'rtl' },
): Preview {
  const last = conversation.lastMessage;
  if (last === undefined) return { text: t('noMessages'), tone: 'soft' };
  const text = summaryOf(state, last, t);
  if (last.kind === 'system' || last.senderId === SYSTEM_USER_ID) return { text, tone: 'soft' };
  const icon = last.deletedAt === undefined ? KIND_ICONS[last.kind] : undefined;
  if (last.senderId === state.userId) return { text, tone: 'soft', icon, tick: statusOf(conversation, last) };
  const isDirect = conversation.type === 'direct';
  if (isDirect) return { text, tone: 'soft', icon };
  const said = t('senderText', { name: nameIn(state, last.senderId, t), text });
  return { text: `${markOf(text, direction)}${said}`, tone: 'soft', icon };
}
