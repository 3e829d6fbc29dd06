import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { retryRaces } from './insertMany.js';
import type { ConversationDocument } from './conversationDocument.js';
import { BY_SEQ, type MessageDocument, type MessageRecord } from './messageDocument.js';
import { objectId } from './objectIds.js';
import { COMMITTED } from './committed.js';

/** What changes made of one message: per aspect the last one. */
export interface MessageChange {
  seq: number;
  /** It may be in the archive. */
  mayBeArchived: boolean;
  edit?: { rev: number; content: string; at: Date; words: string[] };
  reactions?: { rev: number; counts: { emoji: string; count: number }[] };
  deletion?: { at: Date; by: UserId };
}

type Update = mongoose.mongo.AnyBulkWriteOperation<MessageDocument>;
const NOT_DELETED = { deletedAt: { $exists: false } } as const;

/** A message takes of each aspect only what is newer than it has; deletion is final. */
function toUpdates(id: ConversationId, { seq, edit, reactions, deletion }: MessageChange): Update[] {
  const place = { conversationId: objectId(id), seq };
  const write = (filter: object, update: object): Update => ({
    updateOne: { filter: { ...place, ...NOT_DELETED, ...filter }, update, hint: BY_SEQ },
  });
  if (deletion !== undefined) {
    return [
      write(
        {},
        {
          $set: { content: '', deletedAt: deletion.at, deletedBy: deletion.by },
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

/** How the change log reaches the messages and the conversation that it speaks of. */
export function createChangedMessages(
  connection: mongoose.Connection,
  archived: Pick<ArchiveModel, 'complete' | 'edit'>,
) {
  const messages = connection.collection<MessageDocument>('messages');
  const conversations = connection.collection<ConversationDocument>('conversations');
  return {
    /** The messages at these places, as the primary has them. */
    async findPlaces(conversationId: ConversationId, seqs: readonly number[]): Promise<MessageRecord[]> {
      if (seqs.length === 0) return [];
      const found = await messages
        .find(
          { conversationId: objectId(conversationId), seq: { $in: [...new Set(seqs)] } },
          { sort: { seq: 1 }, hint: BY_SEQ, readPreference: 'primary' },
        )
        .toArray();
      return archived.complete(found);
    },

    /** Writes what changes made of messages, all in one round trip. Sorted, as overlapping bulks could deadlock. */
    async apply(conversationId: ConversationId, changes: readonly MessageChange[]): Promise<void> {
      const updates = changes
        .toSorted((a, b) => a.seq - b.seq)
        .flatMap((change) => toUpdates(conversationId, change));
      if (updates.length === 0) return;
      const write = () =>
        retryRaces(() => messages.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
      await write();
      const edits = changes.flatMap(({ seq, edit, mayBeArchived, deletion }) =>
        edit !== undefined && mayBeArchived && deletion === undefined ? [{ seq, ...edit }] : [],
      );
      if (edits.length === 0) return;
      await archived.edit(conversationId, edits);
      // A message that came back from the archive between the two met neither.
      await write();
    },

    /** Every change up to `rev` is applied to the messages: says so, and what is pinned as of it. */
    async setRev(
      conversationId: ConversationId,
      { rev, pinned }: { rev: number; pinned: readonly number[] },
    ): Promise<void> {
      await conversations.updateOne(
        {
          _id: objectId(conversationId),
          $or: [{ rev: { $lt: rev } }, { rev: { $exists: false } }],
        },
        { $set: { rev, pinned: [...pinned] }, $currentDate: { changedAt: true } },
        { writeConcern: COMMITTED },
      );
    },
  };
}

export type ChangedMessages = ReturnType<typeof createChangedMessages>;
