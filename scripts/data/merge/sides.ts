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
  placeOf,
  type Merge,
  type ObjectId,
} from './stored.js';

type Collection = mongoose.mongo.Collection;

interface Row {
  document: Stored;
  from: ObjectId;
  merge: Merge;
  moved: Collection;
}

/** What belongs to places of a log, beside the messages and their changes; none of it holds a text of a message. */
interface Side {
  collection: string;
  /** What a document becomes; several where a range is cut by messages of the other log. */
  become(row: Row): Promise<Stored[]>;
  /** Stays the document that it is, under its own id. */
  isKept?: true;
}

const seqOf = (row: Row): Promise<number> =>
  placeOf(row.moved, row.from, { seq: numberOf(row.document['seq']) });

export const SIDES: readonly Side[] = [
  {
    collection: 'reactions',
    become: async (row) => {
      const state = row.document['state'] as { rev?: number; emojis?: string[] } | undefined;
      const rev = await placeOf(row.moved, row.from, { rev: numberOf(state?.rev) });
      return [{ seq: await seqOf(row), state: { ...state, rev } }];
    },
  },
  { collection: 'hides', become: async (row) => [{ seq: await seqOf(row) }] },
  { collection: 'receipts', become: toReceipts },
  { collection: 'reports', become: async (row) => [{ seq: await seqOf(row) }], isKept: true },
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
  const moved = context.collection('moved');
  for (const side of SIDES) {
    const collection = context.collection(side.collection);
    for (const from of merge.sources) {
      for await (const page of scanPages(collection, { filter: { conversationId: from }, batch: 200 })) {
        for (const document of page)
          await copyOne({ side, collection, row: { document, from, merge, moved } });
      }
    }
  }
}

async function copyOne({
  side,
  collection,
  row,
}: {
  side: Side;
  collection: Collection;
  row: Row;
}): Promise<void> {
  const { document, from, merge, moved } = row;
  const oldId = document['_id'] as ObjectId;
  const fields = await side.become(row);
  await insertMissing(moved, [
    {
      ...{ _id: oldId, conversationId: from, into: merge._id, newId: newIdOf(merge._id, oldId) },
      ...{ was: document, lacked: [], side: side.collection },
    },
  ]);
  if (side.isKept === true) {
    await collection.updateOne(
      { _id: oldId },
      { $set: { ...fields[0], conversationId: merge._id } },
      { writeConcern: COMMITTED },
    );
    return;
  }
  const copies = fields.map((one, index) => ({
    ...document,
    ...one,
    _id: newIdOf(merge._id, oldId, index === 0 ? '' : String(index)),
    conversationId: merge._id,
  }));
  await insertMissing(collection, copies);
}
