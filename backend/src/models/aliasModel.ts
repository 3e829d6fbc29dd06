import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { insertMissing } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * An alias: the id that a legacy client made up, or that an imported system used, for a conversation of this server.
 *
 * `{ _id: 'group_42', conversationId: ObjectId, source: 'client', claimedBy: 'alice', createdAt: Date }`
 *
 * Invariants: the first writer of an alias owns it. Once set, `conversationId` never changes: an alias that came to
 * mean another conversation would show one user's messages to another. An alias without a `conversationId` is a claim
 * of a client whose creation of the conversation is still under way.
 */
interface AliasDocument {
  /** The legacy id. */
  _id: string;
  conversationId?: ObjectId;
  /** Origin: `client`, or the name of an import source. */
  source: string;
  /** User who claimed the alias by creating a conversation. */
  claimedBy?: string;
  createdAt: Date;
}

export interface AliasRecord {
  alias: string;
  conversationId: ConversationId | undefined;
  source: string;
  claimedBy: UserId | undefined;
}

/** Maximum characters of a legacy id; longer ones are rejected. */
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
/** Query: the aliases of a conversation. */
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

    /** Returns the aliases of these conversations, oldest first. */
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

    /** Claims an alias for a user unless it exists. Returns the stored alias, whoever owns it. */
    async claim(alias: string, claimedBy: UserId): Promise<AliasRecord> {
      const claimed = { _id: alias, source: 'client', claimedBy, createdAt: new Date() };
      const isClaimed = await insertMissing(() => collection.insertOne(claimed, { writeConcern: COMMITTED }));
      const found = isClaimed ? claimed : await model.findById(alias).read('primary').lean();
      if (found === null) throw new Error('an alias exists by its unique index but cannot be read');
      return toRecord(found);
    },

    /** Assigns the conversation of a claim. A claim that already has one keeps it. */
    async assign(alias: string, claimedBy: UserId, conversationId: ConversationId): Promise<void> {
      await collection.updateOne(
        { _id: alias, claimedBy, conversationId: { $exists: false } },
        { $set: { conversationId: objectId(conversationId) } },
        { writeConcern: COMMITTED },
      );
    },

    /** Stores aliases of conversations; existing ones are not changed. */
    async insertMissing(
      aliases: readonly { alias: string; conversationId: ConversationId; source: string }[],
      now: Date,
    ): Promise<void> {
      if (aliases.length === 0) return;
      const documents = aliases
        .toSorted((a, b) => (a.alias < b.alias ? -1 : 1))
        .map(({ alias, conversationId, source }) => ({
          _id: alias,
          conversationId: objectId(conversationId),
          source,
          createdAt: now,
        }));
      await insertMissing(() =>
        collection.insertMany(documents, { ordered: false, writeConcern: COMMITTED }),
      );
    },
  };
}

export type AliasModel = ReturnType<typeof createAliasModel>;
