import type mongoose from 'mongoose';
import type { EntryKind, JournalEntry } from '../frame/entryKinds.js';
import type { Stored, TaskContext } from '../frame/task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;

/** Fields of a document by their (dotted) names; `null` stands for one that is not there. */
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

/** A document that moves from one conversation to another; without anything that somebody said. */
export interface MoveEntry extends JournalEntry {
  kind: 'split-move';
  collection: string;
  id: ObjectId;
  from: Fields;
  to: Fields;
}

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

const move: EntryKind = {
  kind: 'split-move',
  async judge(entry, context) {
    const { collection, id, from, to } = entry as MoveEntry;
    const found = context.collection(collection);
    if ((await found.findOne(filterOf(id, to), { projection: { _id: 1 } })) !== null) return 'undo';
    if ((await found.findOne(filterOf(id, from), { projection: { _id: 1 } })) !== null) return 'skip';
    return { refusal: `${collection} ${String(id)} has been changed since` };
  },
  async undo(entry, context) {
    const { collection, id, from, to } = entry as MoveEntry;
    const { filter, update } = toUpdate({ id, from: to, to: from }).updateOne;
    await context.collection(collection).updateOne(filter, update, { writeConcern: COMMITTED });
  },
};

/** A conversation that was made: gone again with what belongs to it, unless somebody has written there. */
const target: EntryKind = {
  kind: 'split-target',
  async judge({ id }, context) {
    const conversationId = id as ObjectId;
    if ((await context.collection('conversations').findOne({ _id: conversationId })) === null) return 'skip';
    const [messages, moved, changes] = await Promise.all([
      context.collection('messages').countDocuments({ conversationId, controlSeq: { $exists: false } }),
      context.collection('moved').countDocuments({ into: conversationId }),
      context.collection('changes').countDocuments({ conversationId, oldRev: { $exists: false } }),
    ]);
    return messages <= moved && changes === 0
      ? 'undo'
      : { refusal: `people have written in conversation ${conversationId.toHexString()} since` };
  },
  async undo({ id }, context) {
    const conversationId = id as ObjectId;
    for (const name of ['members', 'messages', 'hides', 'reactions', 'changes']) {
      await context.collection(name).deleteMany({ conversationId });
    }
    await context.collection('conversations').deleteOne({ _id: conversationId });
  },
};

/** A conversation that was opened: hidden again before what is in it goes back. */
const opening: EntryKind = {
  kind: 'split-open',
  judge: async ({ id }, context) =>
    (await context.collection('conversations').findOne({ _id: id as ObjectId })) === null ? 'skip' : 'undo',
  async undo({ id }, context) {
    await context
      .collection('conversations')
      .updateOne({ _id: id as ObjectId }, { $set: { participants: [] }, $unset: { participantsKey: 1 } });
  },
};

/** Where everything of a chat goes. */
const plan: EntryKind = {
  kind: 'split-plan',
  judge: async ({ id }, context) =>
    (await context.collection('moved').findOne({ conversationId: id as ObjectId })) === null
      ? 'skip'
      : 'undo',
  async undo({ id }, context) {
    await context.collection('moved').deleteMany({ conversationId: id as ObjectId });
  },
};

/** Signs on a message whose givers do not see it any more: counted anew from who gave them. */
const recount: EntryKind = {
  kind: 'split-recount',
  judge: () => Promise.resolve('undo'),
  undo: ({ id }, context) => recountReactions(context, id as ObjectId),
};

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
  // In the order in which they stood; new ones behind.
  for (const { emoji } of found['reactions'] as { emoji: string }[]) counts.set(emoji, 0);
  for (const { state } of given) {
    for (const emoji of (state as { emojis: string[] }).emojis)
      counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  }
  const reactions = [...counts].flatMap(([emoji, count]) => (count > 0 ? [{ emoji, count }] : []));
  await messages.updateOne({ _id: messageId }, { $set: { reactions } }, { writeConcern: COMMITTED });
}

export const SPLIT_KINDS: readonly EntryKind[] = [move, target, opening, plan, recount];
