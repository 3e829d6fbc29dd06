import type mongoose from 'mongoose';
import type { Stored } from './pairs.js';

/** Default number of documents per page. */
const BATCH = 1_000;

export interface PageOptions {
  /** Additional filter of each page. */
  filter?: Stored;
  projection?: Stored;
  batch?: number;
}

/**
 * Iterates over a collection in the order of `_id`, one index range per page. Processing a page may take any time,
 * because no cursor stays open. A document written in the meantime is returned at most once.
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
