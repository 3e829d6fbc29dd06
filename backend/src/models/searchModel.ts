import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { BY_AUTHOR, BY_WORD, type MessageDocument, type MessageRecord } from './messageDocument.js';
import { messageIdOf, objectId } from './objectIds.js';

/** What leads a search through an index: the beginning of a word, or a sender. */
export type SearchKey = { term: string } | { senderId: UserId };

/** Where is searched: whole logs, or a part of one. */
export interface Reach {
  conversationIds: readonly ConversationId[];
  seqs?: { from: number; to: number };
}

/** A message that was found, and the words that it is found by. */
export type Found = MessageRecord & { words: string[] };

/** A search that takes longer than this is given up, in ms. */
const MAX_MS = 5_000;

const escapePattern = (term: string): string => term.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * The words of messages. Every query names its conversations first, and so does every index that serves one: nobody's
 * search reads a message of a conversation that it does not name.
 */
export function createSearchModel(
  connection: mongoose.Connection,
  { complete }: Pick<ArchiveModel, 'complete'>,
) {
  const messages = connection.collection<MessageDocument>('messages');
  return {
    /**
     * Messages with a word that begins so, or of a sender, in no order, at most `limit` of them: fewer are all there
     * are. Conversations, words and places are bounds of the index, so nothing else is looked at.
     */
    async findMatches(reach: Reach, key: SearchKey, limit: number): Promise<Found[]> {
      const { conversationIds, seqs } = reach;
      const found = await messages
        .find(
          {
            conversationId: { $in: conversationIds.map(objectId) },
            // An anchored pattern is a range of the index with both its ends, on a list of words as well.
            ...('term' in key
              ? { words: { $regex: `^${escapePattern(key.term)}` } }
              : { senderId: key.senderId }),
            ...(seqs !== undefined && { seq: { $gte: seqs.from, $lte: seqs.to } }),
          },
          {
            ...{ limit, hint: 'term' in key ? BY_WORD : BY_AUTHOR },
            ...{ readPreference: 'primary', maxTimeMS: MAX_MS },
          },
        )
        .toArray();
      const words = new Map(found.map((doc) => [messageIdOf(doc._id), doc.words ?? []]));
      // What was archived keeps its words in its place; what it says comes from the archive.
      return (await complete(found)).map((record) => ({ ...record, words: words.get(record._id) ?? [] }));
    },
  };
}

export type SearchModel = ReturnType<typeof createSearchModel>;
