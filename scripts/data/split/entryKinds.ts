import type mongoose from 'mongoose';
import { z } from 'zod';
import { defineEntryKind, documentSchema, objectIdSchema, type EntryKind } from '../frame/entryKinds.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;

/** Field values by (dotted) name. `null` means that the field does not exist. */
export type Fields = Record<string, unknown>;

const filterOf = (id: ObjectId, fields: Fields): Stored => ({
  _id: id,
  ...Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value === null ? { $exists: false } : { $eq: value },
    ]),
  ),
});

/** A document that moves between conversations. The entry holds no message text. */
const moveSchema = z.object({
  kind: z.literal('split-move'),
  collection: z.string(),
  id: objectIdSchema,
  from: documentSchema,
  to: documentSchema,
});
export type MoveEntry = z.infer<typeof moveSchema>;

export const toUpdate = ({ id, from, to }: Pick<MoveEntry, 'id' | 'from' | 'to'>) => {
  const set = Object.fromEntries(Object.entries(to).filter(([, value]) => value !== null));
  const gone = Object.entries(to).filter(([, value]) => value === null);
  return {
    updateOne: {
      filter: filterOf(id, from),
      update: {
        $set: set,
        ...(gone.length > 0 && { $unset: Object.fromEntries(gone.map(([name]) => [name, 1])) }),
      },
    },
  };
};

const move = defineEntryKind({
  kind: 'split-move',
  schema: moveSchema,
  async judge({ collection, id, from, to }, context) {
    const found = context.collection(collection);
    if ((await found.findOne(filterOf(id, to), { projection: { _id: 1 } })) !== null) return 'undo';
    if ((await found.findOne(filterOf(id, from), { projection: { _id: 1 } })) !== null) return 'skip';
    return { refusal: `${collection} ${String(id)} has been changed since` };
  },
  async undo({ collection, id, from, to }, context) {
    const { filter, update } = toUpdate({ id, from: to, to: from }).updateOne;
    await context.collection(collection).updateOne(filter, update, { writeConcern: COMMITTED });
  },
});

const schemaOf = <Kind extends string>(kind: Kind) => z.object({ kind: z.literal(kind), id: objectIdSchema });

/** A created conversation. Undo removes it and its documents, unless it contains new messages or changes. */
const target = defineEntryKind({
  kind: 'split-target',
  schema: schemaOf('split-target'),
  async judge({ id: conversationId }, context) {
    if ((await context.collection('conversations').findOne({ _id: conversationId })) === null) return 'skip';
    const [messages, moved, changes] = await Promise.all([
      context.collection('messages').countDocuments({ conversationId, controlSeq: { $exists: false } }),
      context.collection('moved').countDocuments({ into: conversationId }),
      context.collection('changes').countDocuments({ conversationId, oldRev: { $exists: false } }),
    ]);
    return messages <= moved && changes === 0
      ? 'undo'
      : { refusal: `messages were written in conversation ${conversationId.toHexString()} since` };
  },
  async undo({ id: conversationId }, context) {
    // Documents that an earlier run of this split moved here are moved back by that run's journal.
    // Undoing that journal then removes the conversation.
    for (const { collection, filter } of MOVED_IN) {
      const found = context.collection(collection);
      if ((await found.findOne({ conversationId, ...filter }, { projection: { _id: 1 } })) !== null) return;
    }
    for (const name of ['members', 'messages', 'hides', 'reactions', 'changes']) {
      await context.collection(name).deleteMany({ conversationId });
    }
    await context.collection('conversations').deleteOne({ _id: conversationId });
  },
});

/** Documents that a split moves. A new conversation also holds its first entry and its members. */
const MOVED_IN = [
  { collection: 'messages', filter: { controlSeq: { $exists: false } } },
  { collection: 'changes', filter: {} },
  { collection: 'reactions', filter: {} },
  { collection: 'hides', filter: {} },
] as const;

/** A conversation that became visible. Undo hides it before its documents are moved back. */
const opening = defineEntryKind({
  kind: 'split-open',
  schema: schemaOf('split-open'),
  judge: async ({ id }, context) =>
    (await context.collection('conversations').findOne({ _id: id })) === null ? 'skip' : 'undo',
  async undo({ id }, context) {
    await context
      .collection('conversations')
      .updateOne({ _id: id }, { $set: { participants: [] }, $unset: { participantsKey: 1 } });
  },
});

/** The plan of a split: the new conversation of every message. */
const plan = defineEntryKind({
  kind: 'split-plan',
  schema: schemaOf('split-plan'),
  judge: async ({ id }, context) =>
    (await context.collection('moved').findOne({ conversationId: id })) === null ? 'skip' : 'undo',
  async undo({ id }, context) {
    await context.collection('moved').deleteMany({ conversationId: id });
  },
});

/** Reaction counts of a message. They are recounted from the reactions stored with it. */
const recount = defineEntryKind({
  kind: 'split-recount',
  schema: schemaOf('split-recount'),
  judge: () => Promise.resolve('undo'),
  undo: ({ id }, context) => recountReactions(context, id),
});

export async function recountReactions(context: TaskContext, messageId: ObjectId): Promise<void> {
  const messages = context.collection('messages');
  const found = await messages.findOne(
    { _id: messageId },
    { projection: { conversationId: 1, seq: 1, reactions: 1 } },
  );
  if (found?.['reactions'] === undefined) return;
  const given = await context
    .collection('reactions')
    .find({ conversationId: found['conversationId'] as ObjectId, seq: Number(found['seq']) })
    .toArray();
  const counts = new Map<string, number>();
  // Known emojis keep their order; new ones are appended.
  for (const { emoji } of found['reactions'] as { emoji: string }[]) counts.set(emoji, 0);
  for (const { state } of given) {
    for (const emoji of (state as { emojis: string[] }).emojis)
      counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  }
  const reactions = [...counts].flatMap(([emoji, count]) => (count > 0 ? [{ emoji, count }] : []));
  await messages.updateOne({ _id: messageId }, { $set: { reactions } }, { writeConcern: COMMITTED });
}

export const SPLIT_KINDS: readonly EntryKind[] = [move, target, opening, plan, recount];
