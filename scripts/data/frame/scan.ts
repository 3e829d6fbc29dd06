import type mongoose from 'mongoose';
import { pagesOf, type PageOptions } from '../../../backend/src/models/verify/pages.js';
import type { Stored } from './stored.js';

export { pagesOf as scanPages } from '../../../backend/src/models/verify/pages.js';

/** Yields all documents of a collection in `_id` order. */
export async function* scan(
  collection: mongoose.mongo.Collection,
  options?: PageOptions,
): AsyncGenerator<Stored> {
  for await (const page of pagesOf(collection, options)) yield* page;
}
