import { useSyncExternalStore } from 'react';
import type { ReadableStore } from '@parley/client';

/** Returns the current value of a store, and renders again when it has changed. */
export const useStore = <Value>({ subscribe, getSnapshot }: ReadableStore<Value>): Value =>
  useSyncExternalStore(subscribe, getSnapshot, getSnapshot);

/**
 * Returns a part of a store's value, and renders again when that part has changed.
 *
 * @param select must return the same reference while the part is the same
 */
export function useStorePart<Value, Part>(store: ReadableStore<Value>, select: (value: Value) => Part): Part {
  const getPart = (): Part => select(store.getSnapshot());
  return useSyncExternalStore(store.subscribe, getPart, getPart);
}
