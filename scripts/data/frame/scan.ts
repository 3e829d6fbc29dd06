import type mongoose from 'mongoose';
import { pagesOf, type PageOptions } from '../../../backend/src/models/verify/pages.js';
import type { Stored } from './task.js';

export { pagesOf as scanPages } from '../../../backend/src/models/verify/pages.js';

/** Every document of a collection, in the order of `_id`. */
export async function* scan(
  collection: mongoose.mongo.Collection,
  options?: PageOptions,
): AsyncGenerator<Stored> {
  for await (const page of pagesOf(collection, options)) yield* page;
}
