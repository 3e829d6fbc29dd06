import mongoose from 'mongoose';
import { hasOnlyDuplicates, retryRaces } from '../../../backend/src/models/insertMany.js';
import type { Stored } from './stored.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type Collection = mongoose.mongo.Collection;
export type Id = unknown;

/** New values of top-level fields of one document. `undefined` means that the field does not exist. */
export interface FieldsChange {
  kind: 'fields';
  collection: string;
  id: Id;
  before: Stored;
  after: Stored;
  /**
   * Names of all fields of the document in their order; only set when a field is removed. Undo needs it to restore the
   * field at its old position.
   */
  order: string[] | undefined;
}

export type Change = FieldsChange;

const { EJSON } = mongoose.mongo.BSON;

/** Serialized form of a value as stored in the database. Two values are equal when their serialized forms are. */
export const canonical = (value: unknown): string =>
  value === undefined ? 'undefined' : EJSON.stringify({ value }, { relaxed: false });

/** Returns the change that sets fields of a document that was just read. `undefined` removes a field. */
export function setFields(collection: string, document: Stored, fields: Stored): FieldsChange {
  const names = Object.keys(fields);
  const goes = names.some((name) => fields[name] === undefined && document[name] !== undefined);
  return {
    kind: 'fields',
    collection,
    id: document['_id'],
    after: fields,
    before: Object.fromEntries(names.map((name) => [name, document[name] as unknown])),
    order: goes ? Object.keys(document) : undefined,
  };
}

const isThere = (value: unknown): boolean => value !== undefined;
const pick = (fields: Stored, wanted: (value: unknown) => boolean): [string, unknown][] =>
  Object.entries(fields).filter(([, value]) => wanted(value));

/** Returns a filter for the document with this id and exactly these values in these fields. */
export const filterOf = (id: Id, fields: Stored): Stored => ({
  _id: id,
  ...Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isThere(value) ? { $eq: value as unknown } : { $exists: false },
    ]),
  ),
});

type Write = mongoose.mongo.AnyBulkWriteOperation;

function toWrite({ id, before, after }: Pick<FieldsChange, 'id' | 'before' | 'after'>): Write {
  const set = Object.fromEntries(pick(after, isThere));
  const unset = Object.fromEntries(pick(after, (value) => !isThere(value)).map(([name]) => [name, 1]));
  return {
    updateOne: {
      filter: filterOf(id, before),
      update: {
        ...(Object.keys(set).length > 0 && { $set: set }),
        ...(Object.keys(unset).length > 0 && { $unset: unset }),
      },
    },
  };
}

/**
 * Writes changes of one collection. A change is written only if its fields still have the values that were read.
 *
 * @returns the number of changes not written: another writer changed the document first, or a unique index refused the
 *   change. A later run reads these documents again.
 */
export async function writeFields(collection: Collection, changes: readonly FieldsChange[]): Promise<number> {
  // Sorted by id like the server's bulk writes: overlapping bulks in different orders can deadlock.
  const sorted = changes.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  let matched = 0;
  await retryRaces(async () => {
    matched = 0;
    try {
      const result = await collection.bulkWrite(sorted.map(toWrite), {
        ordered: false,
        writeConcern: COMMITTED,
      });
      matched = result.matchedCount;
    } catch (error) {
      if (!hasOnlyDuplicates(error)) throw error;
      matched = error.matchedCount;
    }
  });
  return changes.length - matched;
}

/** Returns the named fields of a document. */
export const fieldsOf = (document: Stored, names: readonly string[]): Stored =>
  Object.fromEntries(names.map((name) => [name, document[name] as unknown]));

/**
 * Undoes a change and restores the order of the fields. The document is replaced only if it was not written between the
 * read and the replace; otherwise it is read again.
 */
export async function restoreFields(collection: Collection, change: FieldsChange): Promise<void> {
  const { id, before, after, order } = change;
  if (order === undefined) {
    await writeFields(collection, [{ ...change, before: after, after: before }]);
    return;
  }
  for (;;) {
    const now = await collection.findOne({ _id: id as mongoose.mongo.ObjectId });
    if (now === null || canonical(fieldsOf(now, Object.keys(after))) !== canonical(after)) return;
    const restored: Stored = { ...now, ...before };
    const names = [...order, ...Object.keys(now).filter((name) => !order.includes(name))];
    const document = Object.fromEntries(
      names.filter((name) => isThere(restored[name])).map((name) => [name, restored[name] as unknown]),
    );
    const { matchedCount } = await collection.replaceOne(filterOf(id, now), document, {
      writeConcern: COMMITTED,
    });
    if (matchedCount > 0) return;
  }
}
