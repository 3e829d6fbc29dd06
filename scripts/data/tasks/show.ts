import { Option } from 'commander';
import mongoose from 'mongoose';
import { z } from 'zod';
import { createArchiveModel } from '../../../backend/src/models/archiveModel.js';
import type { MessageDocument } from '../../../backend/src/models/messageShape.js';
import { WITHOUT_SEQ } from '../../../backend/src/models/verify/placeless.js';
import type { Stored } from '../frame/stored.js';
import { defineTask } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import { FROM_PRIMARY, numberOf, type ObjectId } from '../merge/stored.js';

/** Maximum number of ids and gaps that are listed. */
const MAX_LISTED = 20;

/** JSON escapes control characters, so that stored text cannot control the terminal. */
const quote = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
const timeOf = ({ _id, createdAt }: Stored): string =>
  (createdAt instanceof Date ? createdAt : (_id as ObjectId).getTimestamp()).toISOString();

function describeMessage(message: Stored, text: unknown): string {
  const { _id, seq, senderId, deletedAt, action, attachments, moved } = message;
  const said =
    deletedAt !== undefined
      ? '(deleted)'
      : moved === true
        ? '(moved to another conversation)'
        : action === undefined
          ? quote(text)
          : `(membership event: ${quote(action)})`;
  const files =
    Array.isArray(attachments) && attachments.length > 0 ? ` +${attachments.length} attachments` : '';
  return `${seq === undefined ? 'no seq' : String(seq)} | ${String(_id)} | ${timeOf(message)} | ${quote(senderId)}: ${said}${files}`;
}

/** Describes messages with their text. Archived messages are read from the archive. */
async function describeAll(context: TaskContext, messages: readonly Stored[]): Promise<string[]> {
  const archived = messages.filter((message) => message['archived'] === true) as MessageDocument[];
  const whole = await createArchiveModel(context.connection).complete(archived);
  const texts = new Map(whole.map(({ _id, content }) => [String(_id), content]));
  return messages.map((message) =>
    describeMessage(message, texts.get(String(message['_id'])) ?? message['content']),
  );
}

/** Returns the messages around one, ordered by `seq`, or by time when it has none. */
async function findAround(context: TaskContext, message: Stored, around: number): Promise<Stored[]> {
  const messages = context.collection('messages');
  const { conversationId, seq, _id } = message;
  const isPlaced = typeof seq === 'number';
  const key = isPlaced ? 'seq' : '_id';
  const at = isPlaced ? seq : (_id as ObjectId);
  const side = async (operator: '$lt' | '$gt'): Promise<Stored[]> =>
    messages
      .find({ conversationId: conversationId as ObjectId, [key]: { [operator]: at } }, FROM_PRIMARY)
      .sort({ [key]: operator === '$lt' ? -1 : 1 })
      .limit(around)
      .toArray();
  const [before, after] = around === 0 ? [[], []] : await Promise.all([side('$lt'), side('$gt')]);
  return [...before.reverse(), message, ...after];
}

async function linesOfMessage(context: TaskContext, message: Stored, around: number): Promise<string[]> {
  const conversationId = message['conversationId'] as ObjectId;
  const conversation = await context.collection('conversations').findOne({ _id: conversationId });
  const described = conversation === null ? ['which does not exist'] : describeConversation(conversation);
  return [
    `message ${String(message['_id'])} of conversation ${String(conversationId)}, ${described.join('; ')}`,
    ...(await describeAll(context, await findAround(context, message, around))),
  ];
}

function describeConversation(conversation: Stored): string[] {
  const { type = 'direct', participants, participantsKey, mergedInto, splitInto, name } = conversation;
  const people: unknown = Array.isArray(participants) ? participants.join(', ') : participants;
  return [
    `${String(type)}${name === undefined ? '' : ` ${quote(name)}`} of ${typeof people === 'string' ? people : quote(people)}`,
    `key ${quote(participantsKey)}`,
    ...(mergedInto === undefined ? [] : [`redirects to ${String(mergedInto)}`]),
    ...(Array.isArray(splitInto) ? [`split into ${quote(splitInto)}`] : []),
  ];
}

/** Returns the missing `seq`s of a log as ranges. */
async function findHoles(context: TaskContext, conversationId: ObjectId): Promise<string[]> {
  const holes: string[] = [];
  let last = 0;
  const cursor = context
    .collection('messages')
    .find({ conversationId, seq: { $gte: 1 } }, { ...FROM_PRIMARY, projection: { seq: 1 }, batchSize: 5_000 })
    .sort({ seq: 1 });
  for await (const { seq } of cursor) {
    const next = numberOf(seq);
    if (next > last + 1) holes.push(next === last + 2 ? `${last + 1}` : `${last + 1}–${next - 1}`);
    if (holes.length > MAX_LISTED) return holes;
    last = next;
  }
  return holes;
}

async function linesOfConversation(
  context: TaskContext,
  conversation: Stored,
  around: number,
): Promise<string[]> {
  const conversationId = conversation['_id'] as ObjectId;
  const messages = context.collection('messages');
  const find = (filter: Stored, limit: number) =>
    messages
      .find({ conversationId, ...filter }, FROM_PRIMARY)
      .sort({ seq: -1 })
      .limit(limit)
      .toArray();
  const [placeless, newest, holes] = await Promise.all([
    find(WITHOUT_SEQ, MAX_LISTED),
    find({ seq: { $gte: 1 } }, Math.max(1, around)),
    findHoles(context, conversationId),
  ]);
  const { lastSeq, messageCount, memberCount } = conversation;
  return [
    `conversation ${String(conversationId)}: ${describeConversation(conversation).join('; ')}`,
    `stored summary: lastSeq ${quote(lastSeq)}, messageCount ${quote(messageCount)}, memberCount ${quote(memberCount)}`,
    ...(holes.length === 0 ? [] : [`missing seqs: ${holes.slice(0, MAX_LISTED).join(', ')}`]),
    ...(placeless.length === 0
      ? []
      : ['messages without a seq:', ...(await describeAll(context, placeless))]),
    'newest messages:',
    ...(await describeAll(context, newest.reverse())),
  ];
}

export const show = defineTask({
  name: 'show',
  summary: 'shows a conversation, or a message with its text and its neighbours',
  help: 'Prints message text; no other task does. The text is written to no journal and no log.',
  args: ['<id>'],
  kind: 'check',
  schema: z.object({
    id: z.string().regex(/^[0-9a-fA-F]{24}$/, 'has to be an id of 24 hexadecimal digits'),
    around: z.coerce.number().int().min(0).max(100).default(3),
  }),
  options: [new Option('--around <n>', 'number of messages shown before and after it (default: 3)')],
  async *steps(context, { id, around }) {
    const _id = mongoose.Types.ObjectId.createFromHexString(id);
    const conversation = await context.collection('conversations').findOne({ _id });
    if (conversation !== null) {
      yield { note: true, counts: {}, lines: await linesOfConversation(context, conversation, around) };
      return;
    }
    const message = await context.collection('messages').findOne({ _id });
    if (message === null) throw new CannotRun(`There is no conversation and no message ${id}.`);
    yield { note: true, counts: {}, lines: await linesOfMessage(context, message, around) };
  },
});
