import type { LegendListRef } from '@legendapp/list/react-native';
import { useEffect } from 'react';

/** Longer than the list itself takes to put its elements into order, which it leaves out when it opens at its end. */
const WAIT_MS = 700;
/** Rows beside those that are near the screen: some of them are still drawn. */
const REACH = 200;

/** Keeps the elements of a list in the order of its items: screen readers read them so, wherever they are drawn. */
export function useElementOrder(
  list: React.RefObject<LegendListRef | null>,
  items: readonly unknown[],
): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      if (list.current !== null) order(list.current);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [list, items]);
}

function order(list: LegendListRef): void {
  const { data, startBuffered, endBuffered, elementAtIndex } = list.getState();
  const [from, to] = [Math.max(0, startBuffered - REACH), Math.min(data.length - 1, endBuffered + REACH)];
  let previous: HTMLElement | undefined;
  for (let index = from; index <= to; index += 1) {
    const element: unknown = elementAtIndex(index);
    if (!(element instanceof HTMLElement)) continue;
    // A moved element would lose the focus.
    if (previous !== undefined && isBefore(element, previous) && !element.contains(document.activeElement))
      previous.after(element);
    previous = element;
  }
}

const isBefore = (element: Node, other: Node): boolean =>
  (element.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
