import type mongoose from 'mongoose';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { forkOf } from '../../../backend/src/models/receiptModel.js';
import { scanPages } from '../frame/scan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  insertMissing,
  newIdOf,
  numberOf,
  newPositionsOf,
  type Merge,
  type ObjectId,
} from './stored.js';

type Collection = mongoose.mongo.Collection;

/** Number of documents processed at a time. */
const PAGE = 200;

interface Row {
  document: Stored;
  from: ObjectId;
  moved: Collection;
  /** Maps an old `seq` to the new one. */
  seqOf: (seq: number) => Promise<number>;
  revOf: (rev: number) => Promise<number>;
}

/** A collection whose documents refer to log positions, other than messages and changes. */
interface RelatedCollection {
  collection: string;
  /**
   * Returns the changed fields of the copies. A receipt becomes several if messages of the other log split its range.
   */
  convert(row: Row): Promise<Stored[]>;
  /** True when the document keeps its id and is updated in place. */
  isKept?: true;
}

const withNewSeq = async ({ document, seqOf }: Row): Promise<Stored[]> => [
  { seq: await seqOf(numberOf(document['seq'])) },
];
const stateRev = (document: Stored): number => numberOf((document['state'] as Stored | undefined)?.['rev']);

export const RELATED: readonly RelatedCollection[] = [
  {
    collection: 'reactions',
    convert: async ({ document, seqOf, revOf }) => [
      {
        seq: await seqOf(numberOf(document['seq'])),
        state: { ...(document['state'] as Stored | undefined), rev: await revOf(stateRev(document)) },
      },
    ],
  },
  { collection: 'hides', convert: withNewSeq },
  { collection: 'receipts', convert: toReceipts },
  { collection: 'reports', convert: withNewSeq, isKept: true },
];

/**
 * Removes the emojis of a reaction from the row in `moved`. A deletion removes reactions only from their own
 * collection, so the row must not hold them. `undo` takes them from the copy.
 */
function withoutEmojis(document: Stored): Stored {
  const state = document['state'] as Stored | undefined;
  if (state === undefined) return document;
  return { ...document, state: { rev: stateRev(document) } };
}

/**
 * Returns the document stored in a row of `moved`, with the emojis of its copy.
 * Returns undefined for a reaction that has been removed since.
 */
export function restoreEmojis(was: Stored, copy: Stored | undefined): Stored | undefined {
  const state = was['state'] as Stored | undefined;
  if (state === undefined || state['emojis'] !== undefined) return was;
  const emojis: unknown = (copy?.['state'] as Stored | undefined)?.['emojis'];
  return emojis === undefined ? undefined : { ...was, state: { ...state, emojis } };
}

/**
 * Splits a read range into the ranges that it covers in the new log, where messages of the other log lie in between.
 */
async function toReceipts({ document, from, moved }: Row): Promise<Stored[]> {
  const rows = await moved
    .find(
      {
        conversationId: from,
        seq: { $gte: numberOf(document['fromSeq']), $lte: numberOf(document['toSeq']) },
      },
      { ...FROM_PRIMARY, projection: { toSeq: 1 } },
    )
    .sort({ seq: 1 })
    .toArray();
  const ranges: { fromSeq: number; toSeq: number }[] = [];
  for (const toSeq of rows.map((row) => numberOf(row['toSeq']))) {
    const last = ranges.at(-1);
    if (last?.toSeq === toSeq - 1) last.toSeq = toSeq;
    else ranges.push({ fromSeq: toSeq, toSeq });
  }
  return ranges.map((range) => ({ ...range, fork: forkOf(range.fromSeq, range.toSeq) }));
}

/** Copies related documents to the target. Idempotent. */
export async function copyRelated(context: TaskContext, merge: Merge): Promise<void> {
  for (const related of RELATED) {
    const collection = context.collection(related.collection);
    for (const from of merge.sources) {
      for await (const page of scanPages(collection, { filter: { conversationId: from }, batch: PAGE })) {
        await copyPage(context, merge, { related, from, page });
      }
    }
  }
}

async function copyPage(
  context: TaskContext,
  merge: Merge,
  { related, from, page }: { related: RelatedCollection; from: ObjectId; page: readonly Stored[] },
): Promise<void> {
  const moved = context.collection('moved');
  const [seqOf, revOf] = await Promise.all([
    newPositionsOf(moved, from, { of: 'seq', values: page.map(({ seq }) => numberOf(seq)) }),
    newPositionsOf(moved, from, { of: 'rev', values: page.map(stateRev) }),
  ]);
  const convert = (document: Stored): Promise<Stored[]> =>
    related.convert({ document, from, moved, seqOf, revOf });
  const made = await Promise.all(
    page.map(async (document) => ({
      oldId: document['_id'] as ObjectId,
      document,
      fields: await convert(document),
    })),
  );
  await insertMissing(
    moved,
    made.map(({ oldId, document }) => ({
      _id: oldId,
      conversationId: from,
      into: merge._id,
      newId: newIdOf(merge._id, oldId),
      was: withoutEmojis(document),
      lacked: [],
      side: related.collection,
    })),
  );
  const collection = context.collection(related.collection);
  const conversationId = merge._id;
  if (related.isKept === true) {
    const updates = made.map(({ oldId, fields }) => ({
      updateOne: { filter: { _id: oldId }, update: { $set: { ...fields[0], conversationId } } },
    }));
    await collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
    return;
  }
  const copies = made.flatMap(({ oldId, document, fields }) =>
    fields.map((one, index) => ({
      ...document,
      ...one,
      conversationId,
      _id: newIdOf(merge._id, oldId, index === 0 ? '' : String(index)),
    })),
  );
  await insertMissing(collection, copies);
}
