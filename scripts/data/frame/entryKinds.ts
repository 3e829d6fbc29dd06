import mongoose from 'mongoose';
import { canonical, fieldsOf, restoreFields, type FieldsChange } from './changes.js';
import type { Stored, TaskContext } from './task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

/** A line of a journal: what was about to be changed. */
export interface JournalEntry extends Stored {
  kind: string;
}

/** How entries of a kind are taken back. */
export interface EntryKind {
  kind: string;
  /**
   * Whether the database still is as the change has left it (`undo`), or never was changed or is so no longer (`skip`);
   * or why it cannot be taken back, in a sentence.
   */
  judge(entry: JournalEntry, context: TaskContext): Promise<'undo' | 'skip' | { refusal: string }>;
  /** May be done twice. */
  undo(entry: JournalEntry, context: TaskContext): Promise<void>;
}

const idOf = (entry: JournalEntry) => entry['id'] as mongoose.mongo.ObjectId;

/** JSON knows no `undefined`: what is not there is in `names` alone. */
export const toFieldsEntry = ({ before, after, order, ...rest }: FieldsChange): JournalEntry => ({
  ...rest,
  names: Object.keys(after),
  before: withoutUndefined(before),
  after: withoutUndefined(after),
  ...(order !== undefined && { order }),
});

const withoutUndefined = (fields: Stored): Stored =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function toFieldsChange(entry: JournalEntry): FieldsChange {
  const names = entry['names'] as string[];
  return {
    kind: 'fields',
    collection: entry['collection'] as string,
    id: entry['id'],
    before: fieldsOf(entry['before'] as Stored, names),
    after: fieldsOf(entry['after'] as Stored, names),
    order: entry['order'] as string[] | undefined,
  };
}

const fields: EntryKind = {
  kind: 'fields',
  async judge(entry, context) {
    const { collection, id, before, after } = toFieldsChange(entry);
    const now = await context.collection(collection).findOne({ _id: id as mongoose.mongo.ObjectId });
    if (now === null) return { refusal: `${collection} ${String(id)} is not there any more` };
    const current = canonical(fieldsOf(now, Object.keys(after)));
    if (current === canonical(after)) return 'undo';
    if (current === canonical(before)) return 'skip';
    return {
      refusal: `${collection} ${String(id)} has been written since (${Object.keys(after).join(', ')})`,
    };
  },
  undo: (entry, context) => {
    const change = toFieldsChange(entry);
    return restoreFields(context.collection(change.collection), change);
  },
};

/** A document that was made: `{kind: 'inserted', collection, id}`, and `document` where nobody may have written to it. */
const inserted: EntryKind = {
  kind: 'inserted',
  async judge(entry, context) {
    const name = entry['collection'] as string;
    const now = await context.collection(name).findOne({ _id: idOf(entry) });
    if (now === null) return 'skip';
    const made = entry['document'] as Stored | undefined;
    if (made === undefined || canonical(made) === canonical(now)) return 'undo';
    return { refusal: `${name} ${String(entry['id'])} has been written since` };
  },
  async undo(entry, context) {
    await context.collection(entry['collection'] as string).deleteOne({ _id: idOf(entry) });
  },
};

/** A document that was taken away: `{kind: 'deleted', collection, document}`. Never one with the text of a message. */
const deleted: EntryKind = {
  kind: 'deleted',
  async judge(entry, context) {
    const document = entry['document'] as Stored & { _id: mongoose.mongo.ObjectId };
    const name = entry['collection'] as string;
    const now = await context.collection(name).findOne({ _id: document._id });
    if (now === null) return 'undo';
    return canonical(now) === canonical(document)
      ? 'skip'
      : { refusal: `${name} ${String(document._id)} has been made anew since` };
  },
  async undo(entry, context) {
    const document = entry['document'] as Stored & { _id: mongoose.mongo.ObjectId };
    await context
      .collection(entry['collection'] as string)
      .replaceOne({ _id: document._id }, document, { upsert: true, writeConcern: COMMITTED });
  },
};

/** An index that was made: `{kind: 'index', collection, name}`. */
const index: EntryKind = {
  kind: 'index',
  async judge(entry, context) {
    const indexes = await indexesOf(context, entry['collection'] as string);
    return indexes.some(({ name }) => name === entry['name']) ? 'undo' : 'skip';
  },
  async undo(entry, context) {
    await context.collection(entry['collection'] as string).dropIndex(entry['name'] as string);
  },
};

/** Nothing where there is no such collection. */
export async function indexesOf(
  context: TaskContext,
  collection: string,
): Promise<mongoose.mongo.IndexDescriptionInfo[]> {
  try {
    return await context.collection(collection).indexes();
  } catch (error) {
    if (error instanceof mongoose.mongo.MongoServerError && error.code === 26) return [];
    throw error;
  }
}

export const COMMON_KINDS: readonly EntryKind[] = [fields, inserted, deleted, index];
