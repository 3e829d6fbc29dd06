import mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import { toRecord, type MessageDocument, type MessageRecord } from './messageDocument.js';
import { messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { COMMITTED } from './committed.js';

/** What moves out of a message when it is archived: everything that may be long. `words` stay, for search. */
export const MOVED = ['content', 'attachments', 'location', 'card'] as const;

/**
 * What an archived message says, beside its stub in `messages` (`archived: true`), which keeps its place, its sender and
 * its reactions. The copy is complete before the stub is; a copy without a stub was left by an archiving that was
 * killed, and counts for nothing. A deleted message leaves a copy without content, so that no archiving that is under
 * way can bring its text back.
 */
export interface ArchivedDocument extends Pick<
  MessageDocument,
  'conversationId' | 'seq' | 'editedAt' | 'editRev' | 'deletedAt' | 'deletedBy' | (typeof MOVED)[number]
> {
  /** The message's. */
  _id: ObjectId;
  archivedAt: Date;
}

const { Mixed, ObjectId: objectIdType } = mongoose.Schema.Types;
const schema = new mongoose.Schema<ArchivedDocument>(
  {
    _id: { type: objectIdType, required: true },
    conversationId: { type: objectIdType, required: true },
    seq: { type: Number, required: true },
    content: String,
    attachments: { type: [Mixed], default: undefined },
    location: Mixed,
    card: Mixed,
    editedAt: Date,
    editRev: Number,
    deletedAt: Date,
    deletedBy: String,
    archivedAt: Date,
  },
  { collection: 'archived_messages', versionKey: false },
);
/** What changes do to archived messages. */
const BY_SEQ = { conversationId: 1, seq: 1 } as const;
schema.index(BY_SEQ, { unique: true });

/** Rounds in which a message that changes meanwhile is looked at again. */
const MAX_ROUNDS = 20;

interface Edit {
  seq: number;
  rev: number;
  content: string;
  at: Date;
  words: string[];
}

type Stub = MessageDocument & { archived?: boolean };
const isStub = (doc: Stub): boolean => doc.archived === true;

/** Of each aspect the newer: an edit writes the copy last. */
function join({ archived: _stub, ...stub }: Stub, copy: ArchivedDocument): MessageDocument {
  const { archivedAt: _at, _id, conversationId: _id2, seq: _seq, ...moved } = copy;
  const { editedAt: _edited, editRev: _rev, ...place } = stub;
  return { ...place, ...moved };
}

/** The one place where pages of messages are completed by what lies in the archive. */
export function createArchiveModel(connection: mongoose.Connection) {
  const model = connection.model('ArchivedMessage', schema);
  const collection = connection.collection<ArchivedDocument>('archived_messages');
  const messages = connection.collection<Stub>('messages');

  const findCopies = async (ids: readonly ObjectId[]): Promise<Map<MessageId, ArchivedDocument>> => {
    const found = await collection.find({ _id: { $in: [...ids] } }, { readPreference: 'primary' }).toArray();
    return new Map(found.map((copy) => [messageIdOf(copy._id), copy]));
  };

  /**
   * Messages as if nothing had ever moved: costs one query more, only where there are stubs. A stub whose copy is gone
   * was brought back a moment ago, and is read again: it may even be archived again by then.
   */
  async function complete(documents: readonly Stub[], roundsLeft = MAX_ROUNDS): Promise<MessageRecord[]> {
    const stubs = documents.filter(isStub);
    if (stubs.length === 0) return documents.map(toRecord);
    const copies = await findCopies(stubs.map(({ _id }) => _id));
    const lost = stubs.filter(({ _id }) => !copies.has(messageIdOf(_id))).map(({ _id }) => _id);
    const again =
      lost.length === 0 || roundsLeft === 0
        ? []
        : await complete(
            await messages.find({ _id: { $in: lost } }, { readPreference: 'primary' }).toArray(),
            roundsLeft - 1,
          );
    const back = new Map(again.map((record) => [record._id, record]));
    return documents.map((doc) => {
      if (!isStub(doc)) return toRecord(doc);
      const copy = copies.get(messageIdOf(doc._id));
      if (copy !== undefined) return toRecord(join(doc, copy));
      const { archived: _stub, ...place } = doc;
      return back.get(messageIdOf(doc._id)) ?? toRecord(place);
    });
  }

  return {
    model,
    complete,

    /**
     * Takes the texts of deleted messages out of the archive. For an old message there is a copy without text
     * afterwards, even if there was none: an archiving that has read the message already cannot put it there any more.
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
                ...{ conversationId: objectId(conversationId), seq, content: '' },
                ...{ deletedAt: deletedAt ?? new Date(), deletedBy: deletedBy ?? senderId },
              },
              $unset: { attachments: 1 as const, location: 1 as const, card: 1 as const },
            },
            upsert: mayBeArchived(createdAt),
          },
        }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
    },

    /** The texts of edited messages, where they lie here; what search finds a stub by goes along. */
    async edit(conversationId: ConversationId, edits: readonly Edit[]): Promise<void> {
      if (edits.length === 0) return;
      const sorted = edits.toSorted((a, b) => a.seq - b.seq);
      const updates = sorted.map(({ seq, rev, content, at }) => ({
        updateOne: {
          filter: {
            ...{ conversationId: objectId(conversationId), seq, deletedAt: { $exists: false } },
            $or: [{ editRev: { $lt: rev } }, { editRev: { $exists: false } }],
          },
          update: { $set: { content, editedAt: at, editRev: rev } },
          hint: BY_SEQ,
        },
      }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
      const ofStubs = sorted.map(({ seq, rev, words }) => ({
        updateOne: {
          filter: {
            ...{ conversationId: objectId(conversationId), seq, archived: true },
            $or: [{ editRev: { $lt: rev } }, { editRev: { $exists: false } }],
          },
          update: { $set: { words, editRev: rev } },
          hint: BY_SEQ,
        },
      }));
      await retryRaces(() => messages.bulkWrite(ofStubs, { ordered: false, writeConcern: COMMITTED }));
    },

    /**
     * The next messages, in the order of ids, that are to be archived: sent before a time, neither deleted nor control
     * entries.
     */
    findOld: (
      before: Date,
      { afterId, limit }: { afterId: MessageId | undefined; limit: number },
    ): Promise<MessageDocument[]> =>
      messages
        .find(
          { ...(afterId !== undefined && { _id: { $gt: objectId(afterId) } }), ...oldOnes(before) },
          { sort: { _id: 1 }, limit, readPreference: 'primary' },
        )
        .toArray(),

    countOld: (before: Date): Promise<number> => messages.countDocuments(oldOnes(before)),

    /**
     * Archives messages: the copies first, then the stubs, each only where the message still is what was copied. May be
     * done twice, and by two at once.
     *
     * @returns how many are archived now.
     */
    async archive(documents: readonly MessageDocument[], now: Date): Promise<number> {
      if (documents.length === 0) return 0;
      await copy(documents.map((document) => toCopy(document, now)));
      const swaps = documents.map(({ _id, editRev }) => ({
        updateOne: {
          filter: {
            _id,
            ...{ archived: { $exists: false }, deletedAt: { $exists: false } },
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

    /** Those of these messages that are archived. */
    async findStubs(ids: readonly MessageId[]): Promise<MessageId[]> {
      const found = await messages
        .find({ _id: { $in: ids.map(objectId) }, archived: true }, { projection: { _id: 1 } })
        .toArray();
      return found.map(({ _id }) => messageIdOf(_id));
    },

    /**
     * Brings archived messages back: the content first, then the copies go. What was edited or deleted meanwhile comes
     * back as it is now.
     *
     * @returns how many were brought back.
     */
    async restore(ids: readonly MessageId[]): Promise<number> {
      let restored = 0;
      for (const id of ids) if (await bringBack(objectId(id))) restored += 1;
      return restored;
    },
  };

  async function copy(copies: readonly ArchivedDocument[]): Promise<void> {
    try {
      await collection.insertMany([...copies], { ordered: false, writeConcern: COMMITTED });
      return;
    } catch (error) {
      const refused = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (refused.length === 0 && !isDuplicateKey(error)) throw error;
    }
    // There since an earlier attempt: made what the message says now, never older, never alive again.
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

  /** After a deadlock some may not have been tried. */
  async function insertMissing(copies: readonly ArchivedDocument[]): Promise<void> {
    const there = await findCopies(copies.map(({ _id }) => _id));
    const missing = copies.filter(({ _id }) => !there.has(messageIdOf(_id)));
    if (missing.length === 0) return;
    await collection.insertMany(missing, { ordered: true, writeConcern: COMMITTED });
  }

  async function bringBack(id: ObjectId): Promise<boolean> {
    let isBack = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const copy = await collection.findOne({ _id: id });
      if (copy === null) return isBack;
      const { archivedAt: _at, conversationId: _in, seq: _seq, _id, ...moved } = copy;
      const isDead = moved.deletedAt !== undefined;
      if (!isDead) {
        const isPut = await putBack(_id, moved);
        isBack ||= isPut;
        // Its stub knows of a later edit, which was written to the copy before: that one is to come back.
        if (!isPut && (await messages.countDocuments({ _id, archived: true })) > 0) continue;
      }
      // Edited or deleted since it was read: that has to come along.
      await collection.deleteOne({
        _id,
        editRev: moved.editRev ?? { $exists: false },
        ...(!isDead && { deletedAt: { $exists: false } }),
      });
    }
    throw new Error(`Message ${messageIdOf(id)} changes faster than it can be brought back; try again.`);
  }

  async function putBack(
    _id: ObjectId,
    moved: Pick<ArchivedDocument, (typeof MOVED)[number] | 'editedAt' | 'editRev'>,
  ): Promise<boolean> {
    const { editRev } = moved;
    // An edit writes the copy, then the stub: a stub that is ahead was edited after the copy had been read.
    const isBehind =
      editRev === undefined ? [] : [{ editRev: { $lt: editRev } }, { archived: true, editRev }];
    const { modifiedCount } = await messages.updateOne(
      {
        ...{ _id, deletedAt: { $exists: false } },
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

/** Those that are to be archived. */
const oldOnes = (before: Date) => ({
  createdAt: { $lt: before },
  archived: { $exists: false },
  deletedAt: { $exists: false },
  controlSeq: { $exists: false },
});

/** Nothing younger is ever archived, in ms. */
export const MIN_AGE_MS = 86_400_000;

/** Whether a message of this time may be in the archive, or on its way: with half a day for clocks that differ. */
export const mayBeArchived = (createdAt: Date): boolean => Date.now() - createdAt.getTime() >= MIN_AGE_MS / 2;

function toCopy(document: MessageDocument, archivedAt: Date): ArchivedDocument {
  const { _id, conversationId, seq, content, attachments, location, card, editedAt, editRev } = document;
  return {
    ...{ _id, conversationId, seq, content, archivedAt },
    ...(attachments !== undefined && { attachments }),
    ...(location !== undefined && { location }),
    ...(card !== undefined && { card }),
    ...(editedAt !== undefined && { editedAt }),
    ...(editRev !== undefined && { editRev }),
  };
}

export type ArchiveModel = ReturnType<typeof createArchiveModel>;
