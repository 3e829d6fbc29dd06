import type mongoose from 'mongoose';
import { z } from 'zod';
import { canonical } from './changes.js';
import { defineEntryKind, indexesOf, type JournalEntry } from './entryKinds.js';
import type { Stored } from './stored.js';

const OPTIONS = ['unique', 'sparse', 'partialFilterExpression', 'expireAfterSeconds', 'collation'];

/** Returns the options that are needed to create the index again. */
const optionsOf = (index: object): Stored =>
  Object.fromEntries(Object.entries(index).filter(([name]) => OPTIONS.includes(name)));

/** Returns the journal entry for an index that is about to be dropped and replaced. */
export const toDroppedIndex = (
  collection: string,
  index: mongoose.mongo.IndexDescriptionInfo,
): JournalEntry => ({
  kind: 'droppedIndex',
  collection,
  name: index.name,
  key: { ...index.key },
  options: optionsOf(index),
});

const direction = z.union([z.literal(1), z.literal(-1), z.literal('text'), z.literal('hashed')]);

export const droppedIndex = defineEntryKind({
  kind: 'droppedIndex',
  schema: z.object({
    collection: z.string(),
    name: z.string(),
    key: z.record(z.string(), direction),
    options: z.record(z.string(), z.unknown()),
  }),
  async judge({ collection, name, options }, context) {
    const existing = (await indexesOf(context, collection)).find((index) => index.name === name);
    const isRestored = existing !== undefined && canonical(optionsOf(existing)) === canonical(options);
    return isRestored ? 'skip' : 'undo';
  },
  async undo({ collection, name, key, options }, context) {
    await context.collection(collection).createIndex(key, { ...options, name }, {});
  },
});
