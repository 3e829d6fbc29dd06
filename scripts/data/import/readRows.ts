import { hash } from 'node:crypto';
import { LIMITS, pictureUrl, userId } from '../../../contract/index.js';
import type { Stored } from '../frame/stored.js';
import { readAttachment } from './attachment.js';
import { readDeletion } from './deletion.js';
import type { ImportMapping } from './mapping.js';
import { readField, toId } from './source.js';
import { fitsMessage, toName, toText } from './text.js';
import type { TimeReader } from './times.js';

/**
 * Result of reading a row: the row to stage with an optional remark for the report, or the reason why it is rejected.
 */
export type Read = { key: string; row: Stored; remark?: string } | { problem: string };

export interface Reading {
  mapping: ImportMapping;
  times: TimeReader;
  /** Location of the row, for the report. */
  at: string;
}

export const maybe = (name: string, value: unknown): Stored => (value === undefined ? {} : { [name]: value });

export function readUser({ mapping: { users } }: Reading, row: unknown): Read {
  const id = userId.safeParse(toId(readField(row, users?.id)));
  if (!id.success) return { problem: 'has no id of a user' };
  const known = readField(row, users?.knownAs);
  const names = [known].flat().flatMap((one) => toId(one) ?? []);
  const avatar = pictureUrl.safeParse(readField(row, users?.avatar));
  return {
    key: id.data,
    row: {
      id: id.data,
      names,
      ...maybe('name', toName(readField(row, users?.name))),
      ...(avatar.success && { avatar: avatar.data }),
    },
  };
}

/** @returns null when the type field has a value that the mapping does not list. */
function typeOf(
  { conversations, directIds, groupIds }: ImportMapping,
  chat: string,
  row: unknown,
): string | undefined | null {
  const { type } = conversations;
  if (typeof type === 'string') return type;
  const said = readField(row, type?.field);
  const isIn = (values: readonly unknown[] | undefined): boolean => values?.includes(said) === true;
  if (isIn(type?.direct)) return 'direct';
  if (isIn(type?.group)) return 'group';
  if (chat.startsWith(groupIds.prefix)) return 'group';
  if (chat.startsWith(directIds.prefix)) return 'direct';
  return said === undefined ? undefined : null;
}

export function readConversation({ mapping, times, at }: Reading, row: unknown): Read {
  const { conversations } = mapping;
  const chat = toId(readField(row, conversations.id));
  if (chat === undefined) return { problem: 'has no id' };
  const type = typeOf(mapping, chat, row);
  if (type === null) return { problem: 'has a type that the mapping does not name' };
  const list = readField(row, conversations.participants);
  if (list !== undefined && !Array.isArray(list)) return { problem: 'has participants that are not a list' };
  const people = (list ?? []).map((one: unknown) =>
    toId(conversations.participant === undefined ? one : readField(one, conversations.participant)),
  );
  if (people.includes(undefined)) return { problem: 'has a participant that is not a user' };
  return {
    key: chat,
    row: {
      chat,
      raw: people,
      ...maybe('said', type),
      ...maybe('name', toName(readField(row, conversations.name))),
      ...maybe('avatar', pictureUrl.safeParse(readField(row, conversations.avatar)).data),
      ...maybe('createdBy', toId(readField(row, conversations.createdBy))),
      ...maybe('createdAt', times.read(readField(row, conversations.createdAt), at)),
    },
  };
}

export function readParticipant({ mapping: { participants } }: Reading, row: unknown): Read {
  const chat = toId(readField(row, participants?.conversation));
  const person = toId(readField(row, participants?.user));
  if (chat === undefined || person === undefined) return { problem: 'names no conversation or no user' };
  return { key: JSON.stringify([chat, person]), row: { chat, person } };
}

export function readPosition({ mapping: { reads }, times, at }: Reading, row: unknown): Read {
  const chat = toId(readField(row, reads?.conversation));
  const person = toId(readField(row, reads?.user));
  if (chat === undefined || person === undefined) return { problem: 'names no conversation or no user' };
  const message = toId(readField(row, reads?.message));
  const readAt = times.read(readField(row, reads?.at), at);
  if (message === undefined && readAt === undefined) return { problem: 'names neither a message nor a time' };
  return {
    key: JSON.stringify([chat, person, message ?? readAt]),
    row: { chat, person, ...maybe('message', message), ...maybe('readAt', readAt) },
  };
}

/** Reads a row that names only a message. `joinReads` finds the conversation. */
export function readMessageRead({ mapping: { reads } }: Reading, row: unknown): Read {
  const id = toId(readField(row, reads?.message));
  const person = toId(readField(row, reads?.user));
  if (id === undefined || person === undefined) return { problem: 'names no message or no user' };
  return { key: JSON.stringify([id, person]), row: { message: id, person } };
}

export function readMessage(reading: Reading, row: unknown): Read {
  const chat = toId(readField(row, reading.mapping.messages.conversation));
  return chat === undefined ? { problem: 'names no conversation' } : readMessageOf(reading, chat, row);
}

export function readMessageOf(
  { mapping: { messages }, times, at }: Reading,
  chat: string,
  row: unknown,
): Read {
  const sender = toId(readField(row, messages.sender));
  if (sender === undefined) return { problem: 'has no sender' };
  const sentAt = times.read(readField(row, messages.at), at);
  if (sentAt === undefined) return { problem: 'has no time' };
  const deletion = readField(row, messages.deletedAt);
  const deletedAt = readDeletion(deletion, { times, sentAt, at });
  if (deletedAt === null)
    return { problem: `has an ambiguous deletion field (${String(messages.deletedAt)})` };
  const written = toText(readField(row, messages.text));
  if (written === null) return { problem: 'has a text that is not a string' };
  const text = deletedAt === undefined ? (written ?? '') : '';
  if (!fitsMessage(text)) return { problem: `has a text of more than ${LIMITS.maxTextChars} characters` };
  const { attachment, remark } = deletedAt === undefined ? readAttachment(messages, row) : {};
  if (text.trim() === '' && attachment === undefined && deletedAt === undefined) {
    return { problem: remark === undefined ? 'has neither text nor attachment' : `${remark}, and no text` };
  }
  const id =
    messages.id === undefined
      ? hash('sha256', JSON.stringify([sender, sentAt, text]), 'base64url').slice(0, 24)
      : toId(readField(row, messages.id));
  if (id === undefined) return { problem: 'has no id' };
  return {
    key: JSON.stringify([chat, id]),
    row: {
      chat,
      id,
      sender,
      at: sentAt,
      text,
      ...maybe('attachment', attachment),
      ...maybe('deletedAt', deletedAt),
    },
    ...(remark !== undefined && { remark }),
  };
}
