import mongoose from 'mongoose';
import { z } from 'zod';
import { canonical, fieldsOf, restoreFields, type FieldsChange } from './changes.js';
import type { Stored } from './stored.js';
import type { TaskContext } from './taskContext.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.mongo.ObjectId;

/** One line of a journal: a change that was about to be made. */
export interface JournalEntry extends Stored {
  kind: string;
}

/**
 * Result of comparing a journal entry with the database. `undo`: the change is still in place. `skip`: it was never
 * made, or is undone already. `refusal`: it cannot be undone, for the reason given as a sentence.
 */
export type Verdict = 'undo' | 'skip' | { refusal: string };

/** Document and states of one journal entry, for kinds whose entries can follow one another. */
interface Chain {
  /** Identifies the document and the changed fields. */
  subject: string;
  /** Canonical state of the document before and after the change. */
  states: readonly string[];
}

/** A parsed journal entry. */
export interface UndoableEntry {
  description: string;
  chain: Chain | undefined;
  judge(context: TaskContext): Promise<Verdict>;
  /** Undoes the change. Idempotent. */
  undo(context: TaskContext): Promise<void>;
}

/** Parser and undo function of one kind of journal entry. */
export interface EntryKind {
  kind: string;
  /** @throws z.ZodError when the entry does not have the shape that the task writes. */
  parse(value: Stored): UndoableEntry;
}

interface EntryKindDefinition<Entry> {
  kind: string;
  schema: z.ZodType<Entry>;
  judge(entry: Entry, context: TaskContext): Promise<Verdict>;
  undo(entry: Entry, context: TaskContext): Promise<void>;
  chain?(entry: Entry): Chain;
}

export function defineEntryKind<Entry>(definition: EntryKindDefinition<Entry>): EntryKind {
  const { kind, schema } = definition;
  return {
    kind,
    parse: (value) => {
      const entry = schema.parse(value);
      return {
        description: describe(kind, value),
        chain: definition.chain?.(entry),
        judge: (context) => definition.judge(entry, context),
        undo: (context) => definition.undo(entry, context),
      };
    },
  };
}

const describe = (kind: string, { collection, id }: Stored): string =>
  [kind, collection, id]
    .filter((part) => part !== undefined)
    .map(String)
    .join(' ');

/**
 * True when two entries about one document follow each other: a state of one equals a state of the other. A run that
 * was killed between the journal write and the database write leaves an entry whose change the next run journals again.
 */
export const areLinked = (a: Chain, b: Chain): boolean =>
  a.subject === b.subject && a.states.some((state) => b.states.includes(state));

export const objectIdSchema = z.instanceof(mongoose.mongo.ObjectId);
export const documentSchema = z.record(z.string(), z.unknown());
/** A document whose `_id` is an ObjectId. The order of its fields is kept. */
export const ownDocumentSchema = z.custom<Stored & { _id: ObjectId }>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Reflect.get(value, '_id') instanceof mongoose.mongo.ObjectId,
  'must be a document with an ObjectId',
);
const anyId = z.unknown().refine((id) => id !== undefined && id !== null, 'is missing');

/** JSON has no `undefined`: a field that does not exist is listed in `names` only. */
export const toFieldsEntry = ({ before, after, order, ...rest }: FieldsChange): JournalEntry => ({
  ...rest,
  names: Object.keys(after),
  before: withoutUndefined(before),
  after: withoutUndefined(after),
  ...(order !== undefined && { order }),
});

const withoutUndefined = (fields: Stored): Stored =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const fieldsSchema = z
  .object({
    kind: z.literal('fields'),
    collection: z.string(),
    id: anyId,
    names: z.array(z.string()),
    before: documentSchema,
    after: documentSchema,
    order: z.array(z.string()).optional(),
  })
  .transform(({ names, before, after, order, ...rest }): FieldsChange => ({
    ...rest,
    before: fieldsOf(before, names),
    after: fieldsOf(after, names),
    order,
  }));

const fields = defineEntryKind({
  kind: 'fields',
  schema: fieldsSchema,
  async judge({ collection, id, before, after }, context) {
    const now = await context.collection(collection).findOne({ _id: id as ObjectId });
    if (now === null) return { refusal: `${collection} ${String(id)} no longer exists` };
    const current = canonical(fieldsOf(now, Object.keys(after)));
    if (current === canonical(after)) return 'undo';
    if (current === canonical(before)) return 'skip';
    return {
      refusal: `${collection} ${String(id)} has been changed since (${Object.keys(after).join(', ')})`,
    };
  },
  undo: (change, context) => restoreFields(context.collection(change.collection), change),
  chain: ({ collection, id, before, after }) => ({
    subject: canonical([collection, id, Object.keys(after)]),
    states: [canonical(before), canonical(after)],
  }),
});

/**
 * An inserted document: `{kind: 'inserted', collection, id}`. With `document`, undo refuses if the document was changed
 * since.
 */
const inserted = defineEntryKind({
  kind: 'inserted',
  schema: z.object({
    kind: z.literal('inserted'),
    collection: z.string(),
    id: objectIdSchema,
    document: documentSchema.optional(),
  }),
  async judge({ collection, id, document }, context) {
    const now = await context.collection(collection).findOne({ _id: id });
    if (now === null) return 'skip';
    if (document === undefined || canonical(document) === canonical(now)) return 'undo';
    return { refusal: `${collection} ${String(id)} has been changed since` };
  },
  async undo({ collection, id }, context) {
    await context.collection(collection).deleteOne({ _id: id });
  },
  chain: ({ collection, id }) => ({ subject: canonical(['inserted', collection, id]), states: ['none'] }),
});

/** A deleted document: `{kind: 'deleted', collection, document}`. Never used for documents with message text. */
const deleted = defineEntryKind({
  kind: 'deleted',
  schema: z.object({ kind: z.literal('deleted'), collection: z.string(), document: ownDocumentSchema }),
  async judge({ collection, document }, context) {
    const now = await context.collection(collection).findOne({ _id: document._id });
    if (now === null) return 'undo';
    return canonical(now) === canonical(document)
      ? 'skip'
      : { refusal: `${collection} ${String(document._id)} has been created again since` };
  },
  async undo({ collection, document }, context) {
    await context
      .collection(collection)
      .replaceOne({ _id: document._id }, document, { upsert: true, writeConcern: COMMITTED });
  },
});

/** A created index: `{kind: 'index', collection, name}`. */
const index = defineEntryKind({
  kind: 'index',
  schema: z.object({ kind: z.literal('index'), collection: z.string(), name: z.string() }),
  async judge({ collection, name }, context) {
    const indexes = await indexesOf(context, collection);
    return indexes.some((one) => one.name === name) ? 'undo' : 'skip';
  },
  async undo({ collection, name }, context) {
    await context.collection(collection).dropIndex(name);
  },
});

/** Returns the indexes of a collection; an empty array when the collection does not exist. */
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
