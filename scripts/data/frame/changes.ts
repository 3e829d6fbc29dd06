import mongoose from 'mongoose';
import { hasOnlyDuplicates, retryRaces } from '../../../backend/src/models/insertMany.js';
import type { Stored } from './task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type Collection = mongoose.mongo.Collection;
export type Id = unknown;

/** Top-level fields of a document that become others; `undefined` stands for "not there". */
export interface FieldsChange {
  kind: 'fields';
  collection: string;
  id: Id;
  before: Stored;
  after: Stored;
  /** The names of the document's fields in their order, where one goes: without it, it would come back as the last. */
  order: string[] | undefined;
}

export type Change = FieldsChange;

const { EJSON } = mongoose.mongo.BSON;

/** As it would stand in the database: two values are the same if this is. */
export const canonical = (value: unknown): string =>
  value === undefined ? 'undefined' : EJSON.stringify({ value }, { relaxed: false });

/** Gives fields of a document just read other values; `undefined` takes one away. */
export function setFields(collection: string, document: Stored, fields: Stored): FieldsChange {
  const names = Object.keys(fields);
  const goes = names.some((name) => fields[name] === undefined && document[name] !== undefined);
  return {
    ...{ kind: 'fields', collection, id: document['_id'], after: fields },
    before: Object.fromEntries(names.map((name) => [name, document[name] as unknown])),
    order: goes ? Object.keys(document) : undefined,
  };
}

const isThere = (value: unknown): boolean => value !== undefined;
const pick = (fields: Stored, wanted: (value: unknown) => boolean): [string, unknown][] =>
  Object.entries(fields).filter(([, value]) => wanted(value));

/** A filter for a document whose fields are these. */
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
 * Writes changes of one collection, each only if its fields still are what was read.
 *
 * @returns for how many somebody was faster, or a unique index spoke against it: a later run sees them anew.
 */
export async function writeFields(collection: Collection, changes: readonly FieldsChange[]): Promise<number> {
  // Sorted, as the server's own bulks are: overlapping ones in different orders could deadlock.
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

/** The fields of a document among these. */
export const fieldsOf = (document: Stored, names: readonly string[]): Stored =>
  Object.fromEntries(names.map((name) => [name, document[name] as unknown]));

/**
 * Takes a change back, field by field in the old order. Only where nothing has been written to the document between the
 * reading and the writing; then it is read again.
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
