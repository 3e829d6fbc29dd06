import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { BY_AUTHOR, BY_WORD, type MessageRecord } from './messageDocument.js';
import { type MessageDocument } from './messageShape.js';
import { messageIdOf, objectId } from './objectIds.js';

/** Index key of a search: a prefix of a word, or a sender. */
export type SearchKey = { term: string } | { senderId: UserId };

/** Part of the logs to search: whole conversations, or a range of `seq`s. */
export interface SearchRange {
  conversationIds: readonly ConversationId[];
  seqs?: { from: number; to: number };
}

/** A found message with its search terms. */
export type SearchHit = MessageRecord & { words: string[] };

/** Time limit of a search query, in ms. */
const SEARCH_TIMEOUT_MS = 5_000;

const escapePattern = (term: string): string => term.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * Search for messages. All queries and the indexes that serve them start with the conversation ids, so a search never
 * reads messages of other conversations.
 */
export function createSearchModel(
  connection: mongoose.Connection,
  { complete }: Pick<ArchiveModel, 'complete'>,
) {
  const messages = connection.collection<MessageDocument>('messages');
  return {
    /**
     * Returns at most `limit` messages that have a word with this prefix, or this sender, in no particular order; fewer
     * than `limit` are all. Conversations, words and `seq`s are bounds of the index range, so nothing else is read.
     */
    async findMatches(range: SearchRange, key: SearchKey, limit: number): Promise<SearchHit[]> {
      const { conversationIds, seqs } = range;
      const found = await messages
        .find(
          {
            conversationId: { $in: conversationIds.map(objectId) },
            // An anchored pattern gives a bounded index range, also on an array of words.
            ...('term' in key
              ? { words: { $regex: `^${escapePattern(key.term)}` } }
              : { senderId: key.senderId }),
            ...(seqs !== undefined && { seq: { $gte: seqs.from, $lte: seqs.to } }),
          },
          {
            limit,
            hint: 'term' in key ? BY_WORD : BY_AUTHOR,
            readPreference: 'primary',
            maxTimeMS: SEARCH_TIMEOUT_MS,
          },
        )
        .toArray();
      const words = new Map(found.map((doc) => [messageIdOf(doc._id), doc.words ?? []]));
      // A stub of an archived message keeps its words; its content is loaded from the archive.
      return (await complete(found)).map((record) => ({ ...record, words: words.get(record._id) ?? [] }));
    },
  };
}

export type SearchModel = ReturnType<typeof createSearchModel>;
