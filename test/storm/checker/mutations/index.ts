import type { History } from '../history.js';
import { COUNTED } from './counted.js';
import type { Mutation } from './material.js';
import { LEFT } from './left.js';
import { STORED } from './stored.js';
import { TOLD } from './told.js';

export { NoMaterial } from './material.js';

/** One way to break each promise, or more. */
export const MUTATIONS: Record<string, Mutation> = { ...LEFT, ...STORED, ...TOLD, ...COUNTED };

/** The same history with one promise broken. @throws NoMaterial. */
export function mutate(history: History, { apply }: Mutation): History {
  const copy = structuredClone(history);
  apply(copy);
  return copy;
}
