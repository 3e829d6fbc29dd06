import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { retryRaces } from './insertMany.js';
import { toRecord, type ConversationDocument, type ConversationRecord } from './conversationDocument.js';
import { BY_SEQ, type MessageRecord } from './messageDocument.js';
import { type MessageDocument } from './messageShape.js';
import { objectId } from './objectIds.js';
import { COMMITTED } from './committed.js';

/** Combined effect of changes on one message: the last change per aspect. */
export interface MessageChange {
  seq: number;
  /** True when the message may be in the archive. */
  mayBeArchived: boolean;
  edit?: { rev: number; content: string; at: Date; words: string[] };
  reactions?: { rev: number; counts: { emoji: string; count: number }[] };
  deletion?: { at: Date; by: UserId };
}

/** Progress of applying the change log: all changes up to `rev` are applied to the messages. */
interface AppliedChanges {
  rev: number;
  pinned: readonly number[];
  /** The highest `seq` that these changes deleted for everyone; 0 for none. */
  lastDeletedSeq: number;
}

type Update = mongoose.mongo.AnyBulkWriteOperation<MessageDocument>;
const NOT_DELETED = { deletedAt: { $exists: false } } as const;

/** Updates of one message. Each aspect is only updated by a newer change, and a deletion is final. */
function toUpdates(id: ConversationId, { seq, edit, reactions, deletion }: MessageChange): Update[] {
  const position = { conversationId: objectId(id), seq };
  const write = (filter: object, update: object): Update => ({
    updateOne: { filter: { ...position, ...NOT_DELETED, ...filter }, update, hint: BY_SEQ },
  });
  if (deletion !== undefined) {
    return [
      write(
        {},
        {
          // The hash is removed as well, because short texts could be guessed from it.
          $set: { content: '', payloadHash: '', deletedAt: deletion.at, deletedBy: deletion.by },
          $unset: { attachments: 1, location: 1, card: 1, words: 1, reactions: 1, archived: 1 },
        },
      ),
    ];
  }
  const updates: Update[] = [];
  if (edit !== undefined) {
    const { rev, content, at, words } = edit;
    updates.push(
      write(
        { archived: { $exists: false }, $or: [{ editRev: { $lt: rev } }, { editRev: { $exists: false } }] },
        { $set: { content, editedAt: at, editRev: rev, words } },
      ),
    );
  }
  if (reactions !== undefined) {
    const { rev, counts } = reactions;
    updates.push(
      write(
        { $or: [{ reactRev: { $lt: rev } }, { reactRev: { $exists: false } }] },
        { $set: { reactions: counts, reactRev: rev } },
      ),
    );
  }
  return updates;
}

const toProgress = ({ rev, pinned, lastDeletedSeq }: AppliedChanges) => ({
  $set: { rev, pinned: [...pinned] },
  ...(lastDeletedSeq > 0 && { $max: { lastDeletedSeq } }),
  $currentDate: { changedAt: true as const },
});
/** Runs these updates and returns how many matched their message. */
async function writeAll(
  messages: mongoose.mongo.Collection<MessageDocument>,
  updates: readonly Update[],
): Promise<number> {
  let matched = 0;
  await retryRaces(async () => {
    const options = { ordered: false, writeConcern: COMMITTED };
    matched = (await messages.bulkWrite([...updates], options)).matchedCount;
  });
  return matched;
}

/** Applies the change log to messages and conversations. */
export function createChangedMessages(
  connection: mongoose.Connection,
  archived: Pick<ArchiveModel, 'complete' | 'edit'>,
) {
  const messages = connection.collection<MessageDocument>('messages');
  const conversations = connection.collection<ConversationDocument>('conversations');
  return {
    /** Returns the messages with these `seq`s, read from the primary. */
    async findBySeqs(conversationId: ConversationId, seqs: readonly number[]): Promise<MessageRecord[]> {
      if (seqs.length === 0) return [];
      const found = await messages
        .find(
          { conversationId: objectId(conversationId), seq: { $in: [...new Set(seqs)] } },
          { sort: { seq: 1 }, hint: BY_SEQ, readPreference: 'primary' },
        )
        .toArray();
      return archived.complete(found);
    },

    /**
     * Applies changes to messages in one bulk. Sorted by `seq`, because overlapping bulks could deadlock.
     *
     * Returns true when every update matched its message: deleted messages and messages with newer changes do not
     * match.
     */
    async apply(conversationId: ConversationId, changes: readonly MessageChange[]): Promise<boolean> {
      const updates = changes
        .toSorted((a, b) => a.seq - b.seq)
        .flatMap((change) => toUpdates(conversationId, change));
      if (updates.length === 0) return true;
      const matched = await writeAll(messages, updates);
      const isComplete = matched === updates.length;
      const edits = changes.flatMap(({ seq, edit, mayBeArchived, deletion }) =>
        edit !== undefined && mayBeArchived && deletion === undefined ? [{ seq, ...edit }] : [],
      );
      if (edits.length === 0) return isComplete;
      await archived.edit(conversationId, edits);
      // Repeated for messages that were restored from the archive between the two writes, and so matched neither.
      await writeAll(messages, updates);
      return isComplete;
    },

    /**
     * Records in the conversation up to which `rev` its changes are applied to the messages. Returns the conversation
     * after the write; undefined when another process had recorded this `rev` or a later one.
     */
    async setRev(
      conversationId: ConversationId,
      applied: AppliedChanges,
    ): Promise<ConversationRecord | undefined> {
      const after = await conversations.findOneAndUpdate(
        {
          _id: objectId(conversationId),
          $or: [{ rev: { $lt: applied.rev } }, { rev: { $exists: false } }],
        },
        toProgress(applied),
        { returnDocument: 'after', writeConcern: COMMITTED },
      );
      return after === null ? undefined : toRecord(after);
    },
  };
}

export type ChangedMessages = ReturnType<typeof createChangedMessages>;
