import type { LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useRef } from 'react';
import type { View } from 'react-native';
import { useCurrent } from '../useCurrent.js';

/** Moving the focus with keys from row to row of a list. */
export interface RowFocus {
  /** Ref of a row that takes the focus. */
  setRef: (key: string, row: View | null) => void;
  /** Focuses the next row before or after the one with this key. */
  onMove: (key: string, by: number) => void;
  /** Focuses the next row before or after an index. */
  focusNear: (from: number, by: number) => void;
}

/** @param keyOf a function of the module: its identity stays */
export function useRowFocus<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  list: React.RefObject<LegendListRef | null>,
): RowFocus {
  const views = useRef(new Map<string, View>());
  const current = useCurrent(items);
  const setRef = useCallback((key: string, row: View | null) => {
    if (row === null) views.current.delete(key);
    else views.current.set(key, row);
  }, []);
  const focusNear = useCallback(
    (from: number, by: number) => {
      for (let index = from + by; index >= 0; index += by) {
        const item = current.current[index];
        if (item === undefined) return;
        const row = views.current.get(keyOf(item));
        if (row === undefined) continue;
        row.focus();
        void list.current?.scrollIndexIntoView({ index, animated: false });
        return;
      }
    },
    [current, keyOf, list],
  );
  const onMove = useCallback(
    (key: string, by: number) =>
      focusNear(
        current.current.findIndex((item) => keyOf(item) === key),
        by,
      ),
    [current, focusNear, keyOf],
  );
  return { setRef, onMove, focusNear };
}
