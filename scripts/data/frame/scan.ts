import type mongoose from 'mongoose';
import type { Stored } from './task.js';

const BATCH = 1_000;

/**
 * Every document of a collection in the order of `_id`, page by page, each a range of the index: however long the work
 * on one takes, no cursor grows old, and what is written meanwhile is met at most once.
 *
 * @param filter narrows each page; the range of `_id` stays.
 */
export async function* scanPages(
  collection: mongoose.mongo.Collection,
  {
    filter = {},
    projection,
    batch = BATCH,
  }: { filter?: Stored; projection?: Stored; batch?: number } = {},
): AsyncGenerator<Stored[]> {
  let last: unknown;
  for (;;) {
    // By type as well: an `_id` that is no ObjectId would otherwise be left out by the comparison.
    const range = last === undefined ? {} : { _id: { $gt: last as mongoose.mongo.ObjectId } };
    const page = await collection
      .find({ ...filter, ...range }, { ...(projection && { projection }), readPreference: 'primary' })
      .sort({ _id: 1 })
      .limit(batch)
      .toArray();
    if (page.length === 0) return;
    yield page;
    last = page.at(-1)?._id;
  }
}

export async function* scan(
  collection: mongoose.mongo.Collection,
  options?: Parameters<typeof scanPages>[1],
): AsyncGenerator<Stored> {
  for await (const page of scanPages(collection, options)) yield* page;
}
