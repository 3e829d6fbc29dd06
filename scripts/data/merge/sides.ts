import type mongoose from 'mongoose';
import type { Stored, TaskContext } from '../frame/task.js';
import { forkOf } from '../../../backend/src/models/receiptModel.js';
import { scanPages } from '../frame/scan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  insertMissing,
  newIdOf,
  numberOf,
  placesOf,
  type Merge,
  type ObjectId,
} from './stored.js';

type Collection = mongoose.mongo.Collection;

/** Documents at a time. */
const PAGE = 200;

interface Row {
  document: Stored;
  from: ObjectId;
  moved: Collection;
  /** Where what is in this place of the old log is now. */
  seqOf: (seq: number) => Promise<number>;
  revOf: (rev: number) => Promise<number>;
}

/** What belongs to places of a log, beside the messages and their changes; none of it holds a text of a message. */
interface Side {
  collection: string;
  /** What a document becomes; several where a range is cut by messages of the other log. */
  become(row: Row): Promise<Stored[]>;
  /** Stays the document that it is, under its own id. */
  isKept?: true;
}

const atItsPlace = async ({ document, seqOf }: Row): Promise<Stored[]> => [
  { seq: await seqOf(numberOf(document['seq'])) },
];
const stateRev = (document: Stored): number => numberOf((document['state'] as Stored | undefined)?.['rev']);

export const SIDES: readonly Side[] = [
  {
    collection: 'reactions',
    become: async ({ document, seqOf, revOf }) => [
      {
        seq: await seqOf(numberOf(document['seq'])),
        state: { ...(document['state'] as Stored | undefined), rev: await revOf(stateRev(document)) },
      },
    ],
  },
  { collection: 'hides', become: atItsPlace },
  { collection: 'receipts', become: toReceipts },
  { collection: 'reports', become: atItsPlace, isKept: true },
];

/** A range of an old log is as many ranges of the new one as messages of the other log have come in between. */
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

/** Makes in the new conversation what the old ones had beside their logs. May be done again. */
export async function copySides(context: TaskContext, merge: Merge): Promise<void> {
  for (const side of SIDES) {
    const collection = context.collection(side.collection);
    for (const from of merge.sources) {
      for await (const page of scanPages(collection, { filter: { conversationId: from }, batch: PAGE })) {
        await copyPage(context, merge, { side, from, page });
      }
    }
  }
}

async function copyPage(
  context: TaskContext,
  merge: Merge,
  { side, from, page }: { side: Side; from: ObjectId; page: readonly Stored[] },
): Promise<void> {
  const moved = context.collection('moved');
  const [seqOf, revOf] = await Promise.all([
    placesOf(moved, from, { of: 'seq', values: page.map(({ seq }) => numberOf(seq)) }),
    placesOf(moved, from, { of: 'rev', values: page.map(stateRev) }),
  ]);
  const become = (document: Stored): Promise<Stored[]> =>
    side.become({ document, from, moved, seqOf, revOf });
  const made = await Promise.all(
    page.map(async (document) => ({
      oldId: document['_id'] as ObjectId,
      document,
      fields: await become(document),
    })),
  );
  await insertMissing(
    moved,
    made.map(({ oldId, document }) => ({
      ...{ _id: oldId, conversationId: from, into: merge._id, newId: newIdOf(merge._id, oldId) },
      ...{ was: document, lacked: [], side: side.collection },
    })),
  );
  const collection = context.collection(side.collection);
  const conversationId = merge._id;
  if (side.isKept === true) {
    const updates = made.map(({ oldId, fields }) => ({
      updateOne: { filter: { _id: oldId }, update: { $set: { ...fields[0], conversationId } } },
    }));
    await collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED });
    return;
  }
  const copies = made.flatMap(({ oldId, document, fields }) =>
    fields.map((one, index) => ({
      ...{ ...document, ...one, conversationId },
      _id: newIdOf(merge._id, oldId, index === 0 ? '' : String(index)),
    })),
  );
  await insertMissing(collection, copies);
}
