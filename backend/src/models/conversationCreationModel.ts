import type mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';
import { escapeId, participantsKey, sortPair } from '../utils/participantsKey.js';
import { COMMITTED } from './committed.js';
import {
  BY_CREATION,
  schema,
  toRecord,
  type ConversationDocument,
  type ConversationRecord,
} from './conversationDocument.js';
import { emptyConversation } from './emptyConversation.js';
import { retryRaces } from './insertMany.js';
import { conversationIdOf, newConversationId, objectId } from './objectIds.js';
import { op } from './operators.js';

/** Race-free creation of conversations; part of `createConversationModel`. */
export function createConversationCreationModel(connection: mongoose.Connection) {
  const model = connection.model('Conversation', schema);
  const collection = connection.collection<ConversationDocument>('conversations');

  return {
    /**
     * Finds the document that holds the key of a pair, or creates it, in one atomic upsert. The caller has to verify
     * that the found document really is that pair.
     *
     * @param now database time, so that `sync` sees a new conversation in its order.
     * @throws a duplicate key error (code 11000) when another call inserted it at the same time.
     */
    async upsertDirect(
      pair: { creator: UserId; other: UserId; isShadow: boolean },
      now: Date,
    ): Promise<{ record: ConversationRecord; created: boolean }> {
      const _id = newConversationId();
      const key = participantsKey(pair.creator, pair.other);
      const found = await model
        .findOneAndUpdate(
          // `$exists` is redundant for MongoDB, but other query planners use a sparse index only with it.
          { participantsKey: op({ $eq: key, $exists: true }) },
          {
            $setOnInsert: {
              _id,
              participantsKey: key,
              type: 'direct',
              participants: sortPair(pair.creator, pair.other),
              createdBy: pair.creator,
              memberCount: 2,
              ...emptyConversation(2, now),
              ...(pair.isShadow && { shadow: true }),
            },
          },
          { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean();
      return { record: toRecord(found), created: conversationIdOf(found._id) === _id };
    },

    /**
     * Creates the document of a group or channel. It has no members until its first membership event is applied. When
     * the creator repeats a creation with the same `name` (the client-chosen id), it returns the existing document.
     *
     * @param now database time, so that `sync` sees a new conversation in its order.
     */
    async upsertGroup(
      group: { type: 'group' | 'channel'; creator: UserId; creationHash: string; name: string | undefined },
      now: Date,
    ): Promise<ConversationRecord> {
      const { type, creator, creationHash, name } = group;
      const fields = {
        _id: newConversationId(),
        type,
        creationHash,
        createdBy: creator,
        participants: [],
        memberCount: 0,
        ...emptyConversation(0, now),
      };
      const writeConcern = COMMITTED;
      if (name === undefined) {
        const document = { ...fields, _id: objectId(fields._id) };
        await collection.insertOne(document, { writeConcern });
        return toRecord(document);
      }
      const creationKey = `${escapeId(creator)}_${name}`;
      const upsert = () =>
        model
          .findOneAndUpdate(
            { creationKey: op({ $eq: creationKey, $exists: true }) },
            { $setOnInsert: { ...fields, creationKey } },
            { upsert: true, returnDocument: 'after', writeConcern },
          )
          .lean();
      // The unique index may reject a key before its document can be read: then both are tried again.
      const found = await retryRaces(() =>
        upsert().catch(async (error: unknown) => {
          const winner = await model.findOne({ creationKey }).hint(BY_CREATION).read('primary').lean();
          if (winner === null) throw error;
          return winner;
        }),
      );
      return toRecord(found);
    },
  };
}
