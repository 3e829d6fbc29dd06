import mongoose from 'mongoose';
import type { AttachmentId, ConversationId, MessageId } from '../../../contract/index.js';
import {
  BY_FILE,
  BY_SEQ,
  isStub,
  mergeStub,
  mayBeArchived,
  schema,
  toCopy,
  type ArchivedDocument,
  type ARCHIVED_FIELDS,
  type Stub,
} from './archiveDocument.js';
import { COMMITTED } from './committed.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import { toRecord, type MessageRecord } from './messageDocument.js';
import type { MessageDocument } from './messageShape.js';
import { messageIdOf, objectId, type ObjectId } from './objectIds.js';

export { MIN_AGE_MS, mayBeArchived, ARCHIVED_FIELDS } from './archiveDocument.js';

/** Attempts to process a message that is changed concurrently. */
const MAX_ROUNDS = 20;

interface ArchiveEdit {
  seq: number;
  rev: number;
  content: string;
  at: Date;
  words: string[];
}

/** Model of the archive. Pages of messages are completed from the archive only here. */
export function createArchiveModel(connection: mongoose.Connection) {
  const model = connection.model('ArchivedMessage', schema);
  const collection = connection.collection<ArchivedDocument>('archived_messages');
  const messages = connection.collection<Stub>('messages');

  const findCopies = async (ids: readonly ObjectId[]): Promise<Map<MessageId, ArchivedDocument>> => {
    const found = await collection.find({ _id: { $in: [...ids] } }, { readPreference: 'primary' }).toArray();
    return new Map(found.map((copy) => [messageIdOf(copy._id), copy]));
  };

  /**
   * Restores the content of archived messages. This costs one more query, and only for pages with stubs. When the copy
   * of a stub is missing, the message was restored a moment ago and is read again; by then it may even be archived
   * again.
   */
  async function complete(documents: readonly Stub[], roundsLeft = MAX_ROUNDS): Promise<MessageRecord[]> {
    const stubs = documents.filter(isStub);
    if (stubs.length === 0) return documents.map(toRecord);
    const copies = await findCopies(stubs.map(({ _id }) => _id));
    const missing = stubs.filter(({ _id }) => !copies.has(messageIdOf(_id))).map(({ _id }) => _id);
    const reread =
      missing.length === 0 || roundsLeft === 0
        ? []
        : await complete(
            await messages.find({ _id: { $in: missing } }, { readPreference: 'primary' }).toArray(),
            roundsLeft - 1,
          );
    const rereadById = new Map(reread.map((record) => [record._id, record]));
    return documents.map((doc) => {
      if (!isStub(doc)) return toRecord(doc);
      const copy = copies.get(messageIdOf(doc._id));
      if (copy !== undefined) return toRecord(mergeStub(doc, copy));
      const { archived: _stub, ...fields } = doc;
      return rereadById.get(messageIdOf(doc._id)) ?? toRecord(fields);
    });
  }

  return {
    model,
    complete,

    /** Returns the ids of archived messages that have an uploaded file. */
    async findMessageIdsByFile(id: AttachmentId, limit: number): Promise<ObjectId[]> {
      const found = await collection
        .find(
          { 'attachments.attachmentId': id },
          { projection: { _id: 1 }, limit, hint: BY_FILE, readPreference: 'primary' },
        )
        .toArray();
      return found.map(({ _id }) => _id);
    },

    /**
     * Erases the texts of deleted messages from the archive. For a message that may be archived it leaves a copy
     * without text, even when there was none: an archiving task that has already read the message can no longer store
     * its text.
     */
    async erase(conversationId: ConversationId, deleted: readonly MessageRecord[]): Promise<void> {
      if (deleted.length === 0) return;
      const updates = deleted
        .toSorted((a, b) => (a._id < b._id ? -1 : 1))
        .map(({ _id, seq, createdAt, deletedAt, deletedBy, senderId }) => ({
          updateOne: {
            filter: { _id: objectId(_id) },
            update: {
              $set: {
                conversationId: objectId(conversationId),
                seq,
                content: '',
                deletedAt: deletedAt ?? new Date(),
                deletedBy: deletedBy ?? senderId,
              },
              $unset: { attachments: 1 as const, location: 1 as const, card: 1 as const },
            },
            upsert: mayBeArchived(createdAt),
          },
        }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
    },

    /** Applies edits to archived messages: the content to the copy, the search words to the stub. */
    async edit(conversationId: ConversationId, edits: readonly ArchiveEdit[]): Promise<void> {
      if (edits.length === 0) return;
      const sorted = edits.toSorted((a, b) => a.seq - b.seq);
      const updates = sorted.map(({ seq, rev, content, at }) => ({
        updateOne: {
          filter: {
            conversationId: objectId(conversationId),
            seq,
            deletedAt: { $exists: false },
            $or: [{ editRev: { $lt: rev } }, { editRev: { $exists: false } }],
          },
          update: { $set: { content, editedAt: at, editRev: rev } },
          hint: BY_SEQ,
        },
      }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
      const stubUpdates = sorted.map(({ seq, rev, words }) => ({
        updateOne: {
          filter: {
            conversationId: objectId(conversationId),
            seq,
            archived: true,
            $or: [{ editRev: { $lt: rev } }, { editRev: { $exists: false } }],
          },
          update: { $set: { words, editRev: rev } },
          hint: BY_SEQ,
        },
      }));
      await retryRaces(() => messages.bulkWrite(stubUpdates, { ordered: false, writeConcern: COMMITTED }));
    },

    /**
     * Returns the next messages to archive in the order of ids: created before `before`, not deleted, no membership
     * events.
     */
    findArchivable: (
      before: Date,
      { afterId, limit }: { afterId: MessageId | undefined; limit: number },
    ): Promise<MessageDocument[]> =>
      messages
        .find(
          { ...(afterId !== undefined && { _id: { $gt: objectId(afterId) } }), ...archivable(before) },
          { sort: { _id: 1 }, limit, readPreference: 'primary' },
        )
        .toArray(),

    countArchivable: (before: Date): Promise<number> => messages.countDocuments(archivable(before)),

    /**
     * Archives messages: writes the copies, then turns the messages into stubs, each only if it has not changed since
     * it was read. Safe to repeat and to run concurrently.
     *
     * Returns the number of messages archived by this call.
     */
    async archive(documents: readonly MessageDocument[], now: Date): Promise<number> {
      if (documents.length === 0) return 0;
      await writeCopies(documents.map((document) => toCopy(document, now)));
      const swaps = documents.map(({ _id, editRev }) => ({
        updateOne: {
          filter: {
            _id,
            archived: { $exists: false },
            deletedAt: { $exists: false },
            editRev: editRev ?? { $exists: false },
          },
          update: {
            $set: { archived: true },
            $unset: { content: 1 as const, attachments: 1 as const, location: 1 as const, card: 1 as const },
          },
        },
      }));
      let swapped = 0;
      await retryRaces(async () => {
        const result = await messages.bulkWrite(swaps, { ordered: false, writeConcern: COMMITTED });
        swapped += result.modifiedCount;
      });
      return swapped;
    },

    /** Returns which of these messages are archived. */
    async findStubs(ids: readonly MessageId[]): Promise<MessageId[]> {
      const found = await messages
        .find({ _id: { $in: ids.map(objectId) }, archived: true }, { projection: { _id: 1 } })
        .toArray();
      return found.map(({ _id }) => messageIdOf(_id));
    },

    /**
     * Restores archived messages: writes the content back, then deletes the copies. Edits and deletions made in the
     * meantime are kept.
     *
     * Returns the number of restored messages.
     */
    async restore(ids: readonly MessageId[]): Promise<number> {
      let restored = 0;
      for (const id of ids) if (await restoreOne(objectId(id))) restored += 1;
      return restored;
    },
  };

  async function writeCopies(copies: readonly ArchivedDocument[]): Promise<void> {
    try {
      await collection.insertMany([...copies], { ordered: false, writeConcern: COMMITTED });
      return;
    } catch (error) {
      const refused = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (refused.length === 0 && !isDuplicateKey(error)) throw error;
    }
    // Copies that exist from an earlier attempt are updated, but never to an older edit, and never when deleted.
    const updates = copies.map(({ _id, ...fields }) => ({
      updateOne: {
        filter: {
          _id,
          deletedAt: { $exists: false },
          $or: [{ editRev: { $lte: fields.editRev ?? 0 } }, { editRev: { $exists: false } }],
        },
        update: { $set: fields },
      },
    }));
    await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
    await insertMissing(copies);
  }

  /** Inserts the missing copies: after a deadlock some documents of a bulk may not have been tried. */
  async function insertMissing(copies: readonly ArchivedDocument[]): Promise<void> {
    const existing = await findCopies(copies.map(({ _id }) => _id));
    const missing = copies.filter(({ _id }) => !existing.has(messageIdOf(_id)));
    if (missing.length === 0) return;
    await collection.insertMany(missing, { ordered: true, writeConcern: COMMITTED });
  }

  async function restoreOne(id: ObjectId): Promise<boolean> {
    let isRestored = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const copy = await collection.findOne({ _id: id });
      if (copy === null) return isRestored;
      const { archivedAt: _at, conversationId: _in, seq: _seq, _id, ...moved } = copy;
      const isDeleted = moved.deletedAt !== undefined;
      if (!isDeleted) {
        const isWritten = await writeBack(_id, moved);
        isRestored ||= isWritten;
        // The stub has a later edit than the copy that was read. The edit was written to the copy first, so it is read
        // again.
        if (!isWritten && (await messages.countDocuments({ _id, archived: true })) > 0) continue;
      }
      // Keeps a copy that was edited or deleted since it was read, for the next round.
      await collection.deleteOne({
        _id,
        editRev: moved.editRev ?? { $exists: false },
        ...(!isDeleted && { deletedAt: { $exists: false } }),
      });
    }
    throw new Error(`Message ${messageIdOf(id)} changes too often to be restored now; try again.`);
  }

  async function writeBack(
    _id: ObjectId,
    moved: Pick<ArchivedDocument, (typeof ARCHIVED_FIELDS)[number] | 'editedAt' | 'editRev'>,
  ): Promise<boolean> {
    const { editRev } = moved;
    // An edit writes the copy before the stub, so a stub that is ahead was edited after the copy was read.
    const isBehind =
      editRev === undefined ? [] : [{ editRev: { $lt: editRev } }, { archived: true, editRev }];
    const { modifiedCount } = await messages.updateOne(
      {
        _id,
        deletedAt: { $exists: false },
        $or: [...isBehind, { editRev: { $exists: false }, ...(editRev === undefined && { archived: true }) }],
      },
      {
        $set: moved,
        $unset: { archived: 1, ...(editRev === undefined && { editRev: 1 as const, editedAt: 1 as const }) },
      },
      { writeConcern: COMMITTED },
    );
    return modifiedCount > 0;
  }
}

/** Filter of the messages that are to be archived. */
const archivable = (before: Date) => ({
  createdAt: { $lt: before },
  archived: { $exists: false },
  deletedAt: { $exists: false },
  controlSeq: { $exists: false },
});

export type ArchiveModel = ReturnType<typeof createArchiveModel>;
