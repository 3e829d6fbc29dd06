import { hash } from 'node:crypto';
import { attachment as attachmentSchema, LIMITS, pictureUrl, userId } from '../../../contract/index.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import { readOwn } from '../../../backend/src/utils/readOwn.js';
import { Stopped, type Finding, type Stored, type TaskContext } from '../frame/task.js';
import type { ImportMapping } from './mapping.js';
import { People } from './people.js';
import { readField, toId, toText, toTime, type Source } from './source.js';
import type { Staging } from './staging.js';

interface StageParts {
  mapping: ImportMapping;
  source: Source;
  staging: Staging;
  context: TaskContext;
}

/** What a row became, or why it could not be read. */
type Read = { key: string; row: Stored } | { problem: string };

export const unreadable = (at: string, why: string): Finding => ({
  problem: `${at}: ${why}`,
  details: { row: at, reason: why },
  counts: { unreadable: 1 },
});

/** Reads the whole older system into the staging, and says what could not be read: nothing is dropped in silence. */
export async function* stageAll(parts: StageParts): AsyncGenerator<Finding> {
  const { mapping, staging, context } = parts;
  const { users, conversations, participants, messages, reads } = mapping;
  await staging.open();
  context.progress.total(0, 'reading');
  if (users !== undefined) yield* stage(parts, { kind: 'user', place: users, read: readUser });
  yield* stage(parts, { kind: 'conversation', place: conversations, read: readConversation });
  if (participants !== undefined) {
    yield* stage(parts, { kind: 'participant', place: participants, read: readParticipant });
  }
  if (conversations.messages !== undefined) yield* stageEmbedded(parts);
  else yield* stage(parts, { kind: 'message', place: messages, read: readMessage });
  if (reads !== undefined) yield* stage(parts, { kind: 'read', place: reads, read: readPosition });
  yield* setTargets(parts);
}

interface Kind {
  kind: 'user' | 'conversation' | 'participant' | 'message' | 'read';
  place: { collection?: string | undefined; file?: string | undefined };
  read: (mapping: ImportMapping, row: unknown) => Read;
}

async function* stage(parts: StageParts, { kind, place, read }: Kind): AsyncGenerator<Finding> {
  for await (const row of parts.source.rows(place)) {
    const { problem } = row;
    yield* stageRead(
      parts,
      { kind, at: row.at },
      problem === undefined ? read(parts.mapping, row.row) : { problem },
    );
  }
  yield* twice(await parts.staging.flush());
}

async function* stageRead(
  { staging, context }: StageParts,
  { kind, at }: { kind: Kind['kind']; at: string },
  read: Read,
): AsyncGenerator<Finding> {
  if (context.isStopping()) throw new Stopped();
  context.progress.advance();
  if ('problem' in read) yield unreadable(at, read.problem);
  else yield* twice(await staging.add(kind, read.key, read.row));
}

function* twice(keys: readonly string[]): Generator<Finding> {
  for (const key of keys) yield unreadable(key, 'is there twice; the first one counts');
}

async function* stageEmbedded(parts: StageParts): AsyncGenerator<Finding> {
  const { mapping, source } = parts;
  const { conversations } = mapping;
  for await (const { at, row } of source.rows(conversations)) {
    const chat = toId(readField(row, conversations.id));
    const list = readField(row, conversations.messages);
    if (chat === undefined || list === undefined || list === null) continue;
    if (!Array.isArray(list)) {
      yield unreadable(at, `${conversations.messages ?? ''} is no list`);
      continue;
    }
    for (const [place, message] of list.entries()) {
      const where = { kind: 'message' as const, at: `${at}, message ${place + 1}` };
      yield* stageRead(parts, where, readMessageOf(mapping, chat, message));
    }
  }
  yield* twice(await parts.staging.flush());
}

const maybe = (name: string, value: unknown): Stored => (value === undefined ? {} : { [name]: value });

function readUser({ users }: ImportMapping, row: unknown): Read {
  const id = userId.safeParse(toId(readField(row, users?.id)));
  if (!id.success) return { problem: 'has no id of a user' };
  const known = readField(row, users?.knownAs);
  const names = [known].flat().flatMap((one) => toId(one) ?? []);
  const name = toText(readField(row, users?.name))?.trim().slice(0, LIMITS.maxNameChars);
  const avatar = pictureUrl.safeParse(readField(row, users?.avatar));
  return {
    key: id.data,
    row: {
      ...{ id: id.data, names },
      ...(name !== undefined && name !== '' && { name }),
      ...(avatar.success && { avatar: avatar.data }),
    },
  };
}

function readConversation({ conversations, directIds, groupIds }: ImportMapping, row: unknown): Read {
  const chat = toId(readField(row, conversations.id));
  if (chat === undefined) return { problem: 'has no id' };
  const said = conversations.type && readField(row, conversations.type.field);
  const isIn = (values: readonly unknown[] | undefined): boolean => values?.includes(said) === true;
  const type = isIn(conversations.type?.direct)
    ? 'direct'
    : isIn(conversations.type?.group)
      ? 'group'
      : chat.startsWith(groupIds.prefix)
        ? 'group'
        : chat.startsWith(directIds.prefix)
          ? 'direct'
          : undefined;
  if (type === undefined && said !== undefined)
    return { problem: 'has a type that the mapping does not name' };
  const list = readField(row, conversations.participants);
  if (list !== undefined && !Array.isArray(list)) return { problem: 'has participants that are no list' };
  const people = (list ?? []).map((one: unknown) =>
    toId(conversations.participant === undefined ? one : readField(one, conversations.participant)),
  );
  if (people.includes(undefined)) return { problem: 'has a participant that is no user' };
  return {
    key: chat,
    row: {
      ...{ chat, raw: people },
      ...maybe('said', type),
      ...maybe('name', toText(readField(row, conversations.name))?.slice(0, LIMITS.maxNameChars)),
      ...maybe('avatar', pictureUrl.safeParse(readField(row, conversations.avatar)).data),
      ...maybe('createdBy', toId(readField(row, conversations.createdBy))),
      ...maybe('createdAt', toTime(readField(row, conversations.createdAt))),
    },
  };
}

function readParticipant({ participants }: ImportMapping, row: unknown): Read {
  const chat = toId(readField(row, participants?.conversation));
  const person = toId(readField(row, participants?.user));
  if (chat === undefined || person === undefined) return { problem: 'names no conversation or no user' };
  return { key: JSON.stringify([chat, person]), row: { chat, person } };
}

function readPosition({ reads }: ImportMapping, row: unknown): Read {
  const chat = toId(readField(row, reads?.conversation));
  const person = toId(readField(row, reads?.user));
  if (chat === undefined || person === undefined) return { problem: 'names no conversation or no user' };
  const message = toId(readField(row, reads?.message));
  const at = toTime(readField(row, reads?.at));
  if (message === undefined && at === undefined) return { problem: 'says neither which message nor when' };
  return {
    key: JSON.stringify([chat, person, message ?? at]),
    row: { chat, person, ...maybe('message', message), ...maybe('readAt', at) },
  };
}

function readMessage(mapping: ImportMapping, row: unknown): Read {
  const chat = toId(readField(row, mapping.messages.conversation));
  return chat === undefined ? { problem: 'names no conversation' } : readMessageOf(mapping, chat, row);
}

function readMessageOf({ messages }: ImportMapping, chat: string, row: unknown): Read {
  const sender = toId(readField(row, messages.sender));
  if (sender === undefined) return { problem: 'has no sender' };
  const at = toTime(readField(row, messages.at));
  if (at === undefined) return { problem: 'has no time' };
  const deletedAt = readField(row, messages.deletedAt);
  const isDeleted = deletedAt !== undefined && deletedAt !== null && deletedAt !== false;
  const text = isDeleted ? '' : (toText(readField(row, messages.text)) ?? '');
  if (text.length > LIMITS.maxTextChars) {
    return { problem: `has a text of more than ${LIMITS.maxTextChars} characters` };
  }
  const attachment = isDeleted ? undefined : readAttachment(messages, row);
  if (attachment === null) return { problem: 'has an attachment without a usable address' };
  if (text === '' && attachment === undefined && !isDeleted)
    return { problem: 'has neither text nor attachment' };
  const id =
    messages.id === undefined
      ? hash('sha256', JSON.stringify([sender, at, text]), 'base64url').slice(0, 24)
      : toId(readField(row, messages.id));
  if (id === undefined) return { problem: 'has no id' };
  return {
    key: JSON.stringify([chat, id]),
    row: {
      ...{ chat, id, sender, at, text },
      ...maybe('attachment', attachment),
      ...(isDeleted && { deletedAt: toTime(deletedAt) ?? at }),
    },
  };
}

/** @returns null for one that cannot be shown. */
function readAttachment(messages: ImportMapping['messages'], row: unknown): Stored | undefined | null {
  const url = readField(row, messages.attachmentUrl);
  if (url === undefined || url === null || url === '') return undefined;
  const type = readField(row, messages.attachmentType);
  const mimeType = typeof type === 'string' && type.includes('/') ? type : undefined;
  const isOf = (kind: string): boolean => typeof type === 'string' && type.startsWith(kind);
  const parsed = attachmentSchema.safeParse({
    kind: isOf('image') ? 'image' : isOf('audio') || isOf('voice') ? 'voice' : 'file',
    url,
    ...maybe('name', toText(readField(row, messages.attachmentName))?.slice(0, LIMITS.maxTitleChars)),
    ...maybe('mimeType', mimeType),
  });
  return parsed.success ? parsed.data : null;
}

/** What each old conversation becomes, now that everything is there that says who is in it. */
async function* setTargets({ mapping, staging, context }: StageParts): AsyncGenerator<Finding> {
  const people = new People(mapping, staging);
  for await (const row of staging.all('conversation')) {
    if (context.isStopping()) throw new Stopped();
    const chat = String(row['chat']);
    const target = await targetOf({ mapping, staging, people }, row);
    if ('problem' in target) yield unreadable(`conversation ${chat}`, target.problem);
    else {
      await staging.rows.updateOne({ _id: row['_id'] as never }, { $set: target });
      for (const id of target.people) await staging.add('user', id, { id, names: [] });
    }
  }
  // Whoever is among the users already is no news.
  await staging.flush();
}

/** Messages of conversations that are not there or could not be read: they would otherwise be missed by nobody. */
export async function* findOrphans(staging: Staging): AsyncGenerator<Finding> {
  for await (const { chat, count } of staging.countByChat()) {
    const conversation = await staging.get('conversation', chat);
    if (conversation?.['target'] !== undefined) continue;
    const what = conversation === null ? 'that is not there' : 'that could not be read';
    yield {
      problem: `conversation ${chat}: ${count} messages are of a conversation ${what}`,
      details: { conversation: chat, messages: count },
      counts: { withoutConversation: count },
    };
  }
}

async function targetOf(
  { mapping, staging, people }: Pick<StageParts, 'mapping' | 'staging'> & { people: People },
  row: Stored,
): Promise<{ problem: string } | { target: string; type: string; people: string[] }> {
  const chat = String(row['chat']);
  const listed = (await staging.of('participant', chat)).map((one) => String(one['person']));
  const raw = [...(readOwn(row, ['raw']) as string[]), ...listed];
  const found = raw.length > 0 ? await people.all(raw) : await people.fromId(chat);
  if (!Array.isArray(found)) return found;
  const members = [...new Set(found)];
  const type = (row['said'] as string | undefined) ?? (members.length === 2 ? 'direct' : 'group');
  if (members.length === 0) return { problem: 'has nobody in it' };
  const [a, b] = members;
  if (type === 'group') return { target: `group ${chat}`, type, people: members };
  if (a !== undefined && b !== undefined && members.length === 2) {
    return { target: `direct ${participantsKey(a, b)}`, type, people: members };
  }
  const { directOfOthers } = mapping;
  if (directOfOthers !== 'report')
    return { target: `${directOfOthers} ${chat}`, type: directOfOthers, people: members };
  return {
    problem: `is a chat of two with ${members.length} people in it (directOfOthers says what becomes of it)`,
  };
}
