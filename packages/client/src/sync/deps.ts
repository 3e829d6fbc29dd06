import type { Ask } from '../connection/link.js';
import type { Store } from '../observable/store.js';

/** What most parts of the synchronisation need. */
export interface StoreAndAsk {
  store: Store;
  ask: Ask;
}
