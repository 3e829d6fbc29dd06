import type mongoose from 'mongoose';
import type { ConversationId } from '../../../contract/index.js';
import { objectId } from '../../../backend/src/models/objectIds.js';
import type { EntryKind, JournalEntry } from '../frame/entryKinds.js';
import type { Stored, TaskContext } from '../frame/task.js';
import type { Importer } from './importer.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;

/** A server that beat so lately may be alive, in ms. */
const ALIVE_MS = 15_000;

/** A conversation as it is before an import writes to it; without a document it is to be made. */
export async function toImportedEntry(
  { context, mapping, models }: Importer,
  id: ConversationId,
): Promise<JournalEntry> {
  const _id = objectId(id);
  const conversation = await context.collection('conversations').findOne({ _id });
  const tail = await models.messages.findTail(id, 0);
  const members =
    conversation === null ? [] : await context.collection('members').find({ conversationId: _id }).toArray();
  return {
    ...{ kind: 'imported', id: _id, source: mapping.source, firstSeq: (tail?.seq ?? 0) + 1, members },
    ...(conversation !== null && { conversation }),
  };
}

/** The same of one that nobody has made yet. */
export const newEntry = ({ mapping }: Importer, id: ConversationId): JournalEntry => ({
  ...{ kind: 'imported', id: objectId(id), source: mapping.source, firstSeq: 1, members: [] },
});

interface Imported {
  id: ObjectId;
  source: string;
  firstSeq: number;
  members: (Stored & { _id: ObjectId })[];
  conversation?: Stored & { _id: ObjectId; lastSeq?: number; rev?: number };
}

/** An entry of the kind that `importLegacy` journals, as it was written there. */
const read = (entry: JournalEntry): Imported => entry as unknown as Imported;

/** Everything that is written of a conversation besides the conversation itself. */
const ABOUT = ['messages', 'members', 'receipts', 'changes', 'reactions', 'hides'];

/** While a server remembers where a log ended, taking its end away would leave a hole behind it. */
async function isServed(context: TaskContext): Promise<boolean> {
  const since = new Date(Date.now() - ALIVE_MS);
  return (await context.collection('processes').findOne({ at: { $gte: since } })) !== null;
}

const isOwn = (source: string) => ({
  $or: [
    { clientMessageId: { $gte: `import:${source}:`, $lt: `import:${source};` } },
    { clientMessageId: { $gte: 'sys:import-', $lt: 'sys:import.' } },
  ],
});

export const imported: EntryKind = {
  kind: 'imported',
  async judge(entry, context) {
    const { id, source, firstSeq, conversation } = read(entry);
    const now = await context.collection('conversations').findOne({ _id: id });
    if (now === null) return 'skip';
    const isAsBefore = conversation !== undefined && now['lastSeq'] === conversation.lastSeq;
    const messages = context.collection('messages');
    const behind = { conversationId: id, seq: { $gte: firstSeq } };
    if (isAsBefore && (await messages.findOne(behind)) === null) return 'skip';
    if (await isServed(context)) return { refusal: 'a server is running: stop it first' };
    const foreign = await messages.findOne({ ...behind, $nor: isOwn(source).$or });
    if (foreign !== null) return { refusal: `conversation ${id.toHexString()}: people have written since` };
    if (
      (now['rev'] ?? 0) !== (conversation?.rev ?? 0) ||
      now['mergedInto'] !== conversation?.['mergedInto']
    ) {
      return { refusal: `conversation ${id.toHexString()} has been changed since` };
    }
    return 'undo';
  },
  async undo(entry, context) {
    const { id, source, firstSeq, members, conversation } = read(entry);
    const collection = (name: string) => context.collection(name);
    if (conversation === undefined) {
      await collection('aliases').deleteMany({ conversationId: id });
      for (const name of ABOUT) await collection(name).deleteMany({ conversationId: id });
      await collection('conversations').deleteOne({ _id: id });
      return;
    }
    await collection('messages').deleteMany({ conversationId: id, seq: { $gte: firstSeq } });
    await collection('aliases').deleteMany({ conversationId: id, source });
    const kept = members.map(({ _id }) => _id);
    await collection('members').deleteMany({ conversationId: id, _id: { $nin: kept } });
    for (const member of members) {
      await collection('members').replaceOne({ _id: member._id }, member, {
        upsert: true,
        writeConcern: COMMITTED,
      });
    }
    await collection('conversations').replaceOne({ _id: id }, conversation, { writeConcern: COMMITTED });
  },
};

/** A user who was made: taken back unless the person has been here since. */
export const importedUser: EntryKind = {
  kind: 'importedUser',
  async judge(entry, context) {
    const now = await context.collection('users').findOne({ _id: entry['id'] as never });
    const at = entry['at'] as Date;
    const isUntouched =
      now?.['lastSeenAt'] === undefined &&
      (now?.['profileChangedAt'] as Date | undefined)?.getTime() === at.getTime();
    return now !== null && isUntouched ? 'undo' : 'skip';
  },
  async undo(entry, context) {
    await context.collection('users').deleteOne({ _id: entry['id'] as never });
  },
};
