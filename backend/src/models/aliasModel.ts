import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * An id that an old client made up, or an older system had, for a conversation of this one. Whose it is was settled by
 * whoever wrote it first, and never changes: an id that came to mean another conversation would show one person's
 * messages to another. While a client's creation is under way there is a claim without a conversation.
 */
interface AliasDocument {
  /** The old id. */
  _id: string;
  conversationId?: ObjectId;
  /** Where it comes from: `client`, or the source of an import. */
  source: string;
  /** Who claimed it with a creation of their own. */
  claimedBy?: string;
  createdAt: Date;
}

export interface AliasRecord {
  alias: string;
  conversationId: ConversationId | undefined;
  source: string;
  claimedBy: UserId | undefined;
}

/** Characters of an old id; what is longer was never one. */
export const MAX_ALIAS_CHARS = 300;

const schema = new mongoose.Schema<AliasDocument>(
  {
    _id: { type: String, required: true },
    conversationId: mongoose.Schema.Types.ObjectId,
    source: { type: String, required: true },
    claimedBy: String,
    createdAt: { type: Date, required: true },
  },
  { collection: 'aliases', versionKey: false },
);
/** By which old ids a conversation is known. */
const BY_CONVERSATION = { conversationId: 1 } as const;
schema.index(BY_CONVERSATION, { sparse: true });

const toRecord = ({ _id, conversationId, source, claimedBy }: AliasDocument): AliasRecord => ({
  alias: _id,
  conversationId: conversationId && conversationIdOf(conversationId),
  source,
  claimedBy: claimedBy as UserId | undefined,
});

export function createAliasModel(connection: mongoose.Connection) {
  const model = connection.model('Alias', schema);
  const collection = connection.collection<AliasDocument>('aliases');

  return {
    model,

    async findByAliases(aliases: readonly string[]): Promise<AliasRecord[]> {
      if (aliases.length === 0) return [];
      const found = await model
        .find({ _id: op({ $in: [...aliases] }) })
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** Every old id of these conversations, the oldest first. */
    async findByConversations(ids: readonly ConversationId[]): Promise<AliasRecord[]> {
      if (ids.length === 0) return [];
      const found = await model
        .find({ conversationId: op({ $in: [...ids] }) })
        .hint(BY_CONVERSATION)
        .lean();
      return found
        .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a._id < b._id ? -1 : 1))
        .map(toRecord);
    },

    /** Makes an old id somebody's, unless it is taken: one atomic upsert. @returns whoever has it now. */
    async claim(alias: string, claimedBy: UserId): Promise<AliasRecord> {
      let found: AliasDocument | undefined;
      await retryRaces(async () => {
        found = await model
          .findOneAndUpdate(
            { _id: alias },
            { $setOnInsert: { source: 'client', claimedBy, createdAt: new Date() } },
            { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
          )
          .lean();
      });
      if (found === undefined) throw new Error('an upsert gave nothing back');
      return toRecord(found);
    },

    /** A claim comes to mean a conversation; one that means one already keeps it. */
    async settle(alias: string, claimedBy: UserId, conversationId: ConversationId): Promise<void> {
      await collection.updateOne(
        { _id: alias, claimedBy, conversationId: { $exists: false } },
        { $set: { conversationId: objectId(conversationId) } },
        { writeConcern: COMMITTED },
      );
    },

    /** Gives old ids to conversations; one that is taken stays what it is. */
    async insertMissing(
      aliases: readonly { alias: string; conversationId: ConversationId; source: string }[],
      now: Date,
    ): Promise<void> {
      if (aliases.length === 0) return;
      const writes = aliases
        .toSorted((a, b) => (a.alias < b.alias ? -1 : 1))
        .map(({ alias, conversationId, source }) => ({
          updateOne: {
            filter: { _id: alias },
            update: {
              $setOnInsert: { conversationId: objectId(conversationId), source, createdAt: now },
            },
            upsert: true,
          },
        }));
      await retryRaces(() => collection.bulkWrite(writes, { ordered: false, writeConcern: COMMITTED })).catch(
        (error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
        },
      );
    },
  };
}

export type AliasModel = ReturnType<typeof createAliasModel>;
