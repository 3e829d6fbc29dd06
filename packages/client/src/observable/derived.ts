import type { ReadableStore } from './readableStore.js';

/**
 * Derives a store from another one. The value is computed when it is read and the source has changed since, and keeps its
 * reference while `isEqual` says that nothing has changed. Listeners are called only when it has.
 */
export function derive<Source, Value>(
  source: ReadableStore<Source>,
  select: (source: Source, previous: Value | undefined) => Value,
  isEqual: (a: Value, b: Value) => boolean = Object.is,
): ReadableStore<Value> {
  let known: { source: Source; value: Value } | undefined;

  function getSnapshot(): Value {
    const current = source.getSnapshot();
    if (known?.source === current) return known.value;
    const value = select(current, known?.value);
    known = {
      source: current,
      value: known !== undefined && isEqual(known.value, value) ? known.value : value,
    };
    return known.value;
  }

  function subscribe(listener: () => void): () => void {
    let seen = getSnapshot();
    return source.subscribe(() => {
      const value = getSnapshot();
      if (Object.is(value, seen)) return;
      seen = value;
      listener();
    });
  }

  return { getSnapshot, subscribe };
}

/** Whether two objects have the same values, compared by reference. */
export function isShallowEqual<Value extends object>(a: Value, b: Value): boolean {
  const [left, right] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => Object.is(value, right.get(key)));
}

/** Whether two lists have the same items, compared by reference. */
export const isSameList = <Item>(a: readonly Item[], b: readonly Item[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

/** Returns the previous list when the next one has the same items. */
export const keepList = <Item>(
  previous: readonly Item[] | undefined,
  next: readonly Item[],
): readonly Item[] => (previous !== undefined && isSameList(previous, next) ? previous : next);
