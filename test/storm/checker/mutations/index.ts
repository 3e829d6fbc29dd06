import type { History } from '../history.js';
import { COUNTED } from './counted.js';
import type { Mutation } from './material.js';
import { LEFT } from './left.js';
import { STORED } from './stored.js';
import { TOLD } from './told.js';

export { NoMaterial } from './material.js';

/** All mutations; at least one per promise. */
export const MUTATIONS: Record<string, Mutation> = { ...LEFT, ...STORED, ...TOLD, ...COUNTED };

/** Returns the history with one broken promise. @throws NoMaterial. */
export function mutate(history: History, { apply }: Mutation): History {
  const copy = structuredClone(history);
  apply(copy);
  return copy;
}
