import { PUSH_CONTENTS, type MessageKind, type PushContent } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { cutText } from '../../utils/cutText.js';
import type { PushText } from '../pushProvider.js';

/** Characters of a title and of a body: with all fields the smallest limit of a provider (4 KB) is kept. */
const MAX_TITLE_CHARS = 80;
const MAX_BODY_CHARS = 200;

/**
 * Texts with their keys. Apps that set `PUSH_TEXTS=keys` have a text of each name in every language; `%1` stands for the
 * name of the sender.
 */
export const PUSH_TEXTS = {
  parley_new_message: 'New message',
  parley_new_message_from: 'New message from %1',
  parley_image: 'Photo',
  parley_voice: 'Voice message',
  parley_file: 'File',
  parley_location: 'Location',
  parley_card: 'Card',
  parley_image_from: '%1: Photo',
  parley_voice_from: '%1: Voice message',
  parley_file_from: '%1: File',
  parley_location_from: '%1: Location',
  parley_card_from: '%1: Card',
} as const;
export type PushTextKey = keyof typeof PUSH_TEXTS;

const isKey = (key: string): key is PushTextKey => key in PUSH_TEXTS;

/** Returns the less revealing one of two levels. */
export const leastOf = (a: PushContent, b: PushContent): PushContent =>
  PUSH_CONTENTS.indexOf(a) < PUSH_CONTENTS.indexOf(b) ? a : b;

export interface Shown {
  message: Pick<MessageRecord, 'content' | 'kind'>;
  /** Undefined for a sender without a name, and for the system. */
  senderName: string | undefined;
  /** Undefined for direct chats. */
  groupName: string | undefined;
  isDirect: boolean;
  content: PushContent;
  usesKeys: boolean;
}

const literal = (text: string, maxChars: number): PushText => ({ text: cutText(text, maxChars) });

function keyed(key: PushTextKey, usesKeys: boolean, name?: string): PushText {
  const args = name === undefined ? [] : [cutText(name, MAX_TITLE_CHARS)];
  const text = PUSH_TEXTS[key].replace('%1', () => args[0] ?? '');
  return usesKeys ? { text, key, args } : { text };
}

function labelOf(kind: MessageKind, from: string | undefined): PushTextKey {
  const key = from === undefined ? `parley_${kind}` : `parley_${kind}_from`;
  if (isKey(key)) return key;
  return from === undefined ? 'parley_new_message' : 'parley_new_message_from';
}

/** Returns title and body of the notification of a message, as much as the content level allows. */
export function textsOf(shown: Shown): { title: PushText; body: PushText | undefined } {
  const { message, senderName, groupName, isDirect, content, usesKeys } = shown;
  const newMessage = keyed('parley_new_message', usesKeys);
  if (content === 'none') return { title: newMessage, body: undefined };
  const name = isDirect ? senderName : groupName;
  const title = name === undefined ? newMessage : literal(name, MAX_TITLE_CHARS);
  // In a direct chat the title names the sender.
  const from = isDirect ? undefined : senderName;
  if (content === 'sender') {
    if (from !== undefined) return { title, body: keyed('parley_new_message_from', usesKeys, from) };
    return { title, body: name === undefined ? undefined : newMessage };
  }
  if (message.content === '') return { title, body: keyed(labelOf(message.kind, from), usesKeys, from) };
  const text = from === undefined ? message.content : `${from}: ${message.content}`;
  return { title, body: literal(text, MAX_BODY_CHARS) };
}
