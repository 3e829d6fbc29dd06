import type mongoose from 'mongoose';
import type { Stored } from './pairs.js';

const BATCH = 1_000;

export interface PageOptions {
  /** Narrows each page; the range of `_id` stays. */
  filter?: Stored;
  projection?: Stored;
  batch?: number;
}

/**
 * Every document of a collection in the order of `_id`, page by page, each a range of the index: however long the work
 * on one takes, no cursor grows old, and what is written meanwhile is met at most once.
 */
export async function* pagesOf(
  collection: mongoose.mongo.Collection,
  { filter = {}, projection, batch = BATCH }: PageOptions = {},
): AsyncGenerator<mongoose.mongo.BSON.Document[]> {
  let last: unknown;
  for (;;) {
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
