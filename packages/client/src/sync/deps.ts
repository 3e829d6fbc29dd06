import type { Ask } from '../connection/link.js';
import type { Store } from '../observable/store.js';

/** Needed by most parts of the synchronisation. */
export interface StoreAndAsk {
  store: Store;
  ask: Ask;
}
