import type { LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useRef } from 'react';
import type { View } from 'react-native';
import { useCurrent } from '../useCurrent.js';
import { isFocusFree } from './freeFocus.js';

/** Moving the focus with keys from row to row of a list. */
export interface RowFocus {
  /** Ref of a row that takes the focus. */
  setRef: (key: string, row: View | null) => void;
  /** Focuses the next row before or after the one with this key. */
  onMove: (key: string, by: number) => void;
  /** Focuses the next row before or after an index. */
  focusNear: (from: number, by: number) => void;
  /** Focuses the row at an index, or the last one; once it is drawn, unless the user has moved the focus meanwhile. */
  focusAt: (index: number) => void;
}

/** @param keyOf a function of the module: its identity stays */
export function useRowFocus<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  list: React.RefObject<LegendListRef | null>,
): RowFocus {
  const { views, wanted, setRef } = useViews();
  const current = useCurrent(items);
  const tryFocus = useCallback(
    (index: number, item: Item) => {
      const row = views.current.get(keyOf(item));
      wanted.current = undefined;
      if (row === undefined) return false;
      row.focus();
      void list.current?.scrollIndexIntoView({ index, animated: false });
      return true;
    },
    [views, wanted, keyOf, list],
  );
  const focusNear = useCallback(
    (from: number, by: number) => {
      for (let index = from + by; index >= 0; index += by) {
        const item = current.current[index];
        if (item === undefined || tryFocus(index, item)) return;
      }
    },
    [current, tryFocus],
  );
  const onMove = useCallback(
    (key: string, by: number) =>
      focusNear(
        current.current.findIndex((item) => keyOf(item) === key),
        by,
      ),
    [current, focusNear, keyOf],
  );
  const focusAt = useCallback(
    (wish: number) => {
      const index = Math.min(wish, current.current.length - 1);
      const item = current.current[index];
      if (item === undefined || tryFocus(index, item)) return;
      wanted.current = keyOf(item);
      // Before its first rows are drawn, the list has a place of its own to begin at.
      if (views.current.size > 0) void list.current?.scrollIndexIntoView({ index, animated: false });
    },
    [current, tryFocus, views, wanted, keyOf, list],
  );
  return { setRef, onMove, focusNear, focusAt };
}

/** Keeps the rows that are drawn, and focuses the wanted one when it is. */
function useViews() {
  const views = useRef(new Map<string, View>());
  const wanted = useRef<string>(undefined);
  const setRef = useCallback((key: string, row: View | null) => {
    if (row === null) views.current.delete(key);
    else views.current.set(key, row);
    if (row === null || key !== wanted.current) return;
    wanted.current = undefined;
    // Not before the list has placed it: the browser scrolls to what it focuses.
    setTimeout(() => isFocusFree() && row.focus());
  }, []);
  return { views, wanted, setRef };
}
