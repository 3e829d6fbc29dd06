import { z } from 'zod';
import type { ConversationId } from '../../../contract/index.js';
import { objectId } from '../../../backend/src/models/objectIds.js';
import { canonical } from '../frame/changes.js';
import { defineEntryKind, objectIdSchema, ownDocumentSchema } from '../frame/entryKinds.js';
import type { TaskContext } from '../frame/taskContext.js';
import type { Importer } from './importer.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

/** Age of a heartbeat up to which a server counts as running, in ms. */
const ALIVE_MS = 15_000;

const importedSchema = z.object({
  kind: z.literal('imported'),
  id: objectIdSchema,
  source: z.string(),
  /** The first `seq` that the import may have used. */
  firstSeq: z.number(),
  members: z.array(ownDocumentSchema),
  /** Aliases that the import created. Missing in journals of earlier versions. */
  aliases: z.array(z.string()).optional(),
  /** Missing when the import created the conversation. */
  conversation: ownDocumentSchema.optional(),
});
type Imported = z.infer<typeof importedSchema>;

/** Journal entry with the state before an import. Without `conversation` the import creates it. */
export async function toImportedEntry(
  { context, mapping, models }: Importer,
  { id, aliases }: { id: ConversationId; aliases: readonly string[] },
) {
  const _id = objectId(id);
  const conversation = await context.collection('conversations').findOne({ _id });
  const tail = await models.messages.findTail(id, 0);
  const members =
    conversation === null ? [] : await context.collection('members').find({ conversationId: _id }).toArray();
  return {
    kind: 'imported' as const,
    id: _id,
    source: mapping.source,
    firstSeq: (tail?.seq ?? 0) + 1,
    members,
    aliases: [...aliases],
    ...(conversation !== null && { conversation }),
  };
}

/** Journal entry for a conversation that does not exist yet: the import creates it. */
export const newEntry = (
  { mapping }: Importer,
  { id, aliases }: { id: ConversationId; aliases: readonly string[] },
) => ({
  kind: 'imported' as const,
  id: objectId(id),
  source: mapping.source,
  firstSeq: 1,
  members: [],
  aliases: [...aliases],
});

/** Collections that hold documents of a conversation. */
const CONVERSATION_COLLECTIONS = ['messages', 'members', 'receipts', 'changes', 'reactions', 'hides'];

/** True while a server is running: its cached tails would leave a gap if the end of a log were removed. */
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

export const imported = defineEntryKind({
  kind: 'imported',
  schema: importedSchema,
  async judge(entry, context) {
    const { id, source, firstSeq, conversation } = entry;
    const now = await context.collection('conversations').findOne({ _id: id });
    if (now === null) return 'skip';
    const messages = context.collection('messages');
    const behind = { conversationId: id, seq: { $gte: firstSeq } };
    if ((await messages.findOne(behind)) === null && (await isAsBefore(entry, context))) return 'skip';
    if (await isServed(context)) return { refusal: 'a server is running: stop it first' };
    const foreign = await messages.findOne({ ...behind, $nor: isOwn(source).$or });
    if (foreign !== null) return { refusal: `conversation ${id.toHexString()} has been written to since` };
    if (
      (now['rev'] ?? 0) !== (conversation?.['rev'] ?? 0) ||
      canonical(now['mergedInto']) !== canonical(conversation?.['mergedInto'])
    ) {
      return { refusal: `conversation ${id.toHexString()} has been changed since` };
    }
    return 'undo';
  },
  async undo(entry, context) {
    const { id, firstSeq, members, conversation } = entry;
    const collection = (name: string) => context.collection(name);
    if (conversation === undefined) {
      await collection('aliases').deleteMany({ conversationId: id });
      for (const name of CONVERSATION_COLLECTIONS) await collection(name).deleteMany({ conversationId: id });
      await collection('conversations').deleteOne({ _id: id });
      return;
    }
    await collection('messages').deleteMany({ conversationId: id, seq: { $gte: firstSeq } });
    await collection('aliases').deleteMany(newAliases(entry));
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
});

/** Filter for aliases that this import created. Those of earlier imports of the same source stay. */
const newAliases = ({ id, source, aliases }: Imported) => ({
  conversationId: id,
  source,
  ...(aliases !== undefined && { _id: { $in: aliases as never[] } }),
});

/** True when everything except messages is as before the import. */
async function isAsBefore(entry: Imported, context: TaskContext): Promise<boolean> {
  const { id, members, conversation } = entry;
  const [now, nowMembers, alias] = await Promise.all([
    context.collection('conversations').findOne({ _id: id }),
    context.collection('members').find({ conversationId: id }).toArray(),
    context.collection('aliases').findOne(newAliases(entry)),
  ]);
  const sorted = (documents: readonly { _id: unknown }[]): string[] => documents.map(canonical).sort();
  return (
    alias === null &&
    canonical(now) === canonical(conversation) &&
    canonical(sorted(nowMembers)) === canonical(sorted(members))
  );
}

/** An imported user. Undo removes the user unless they have been active since. */
export const importedUser = defineEntryKind({
  kind: 'importedUser',
  schema: z.object({ kind: z.literal('importedUser'), id: z.string(), at: z.date() }),
  async judge({ id, at }, context) {
    const now = await context.collection('users').findOne({ _id: id as never });
    const profileChangedAt: unknown = now?.['profileChangedAt'];
    const isUntouched =
      now?.['lastSeenAt'] === undefined &&
      profileChangedAt instanceof Date &&
      profileChangedAt.getTime() === at.getTime();
    return now !== null && isUntouched ? 'undo' : 'skip';
  },
  async undo({ id }, context) {
    // Users of remaining conversations stay: every message needs an existing sender.
    const projection = { projection: { _id: 1 } } as const;
    const [member, conversation] = await Promise.all([
      context.collection('members').findOne({ userId: id }, projection),
      context.collection('conversations').findOne({ participants: id }, projection),
    ]);
    if (member === null && conversation === null) {
      await context.collection('users').deleteOne({ _id: id as never });
    }
  },
});
