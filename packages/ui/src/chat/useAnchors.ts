import type { LegendListRef } from '@legendapp/list/react-native';
import { useEffect, useMemo, useRef } from 'react';
import type { MessageListItem } from '@parley/react';

const NO_ITEMS: readonly MessageListItem[] = [];

/**
 * Keeps what is read in its place while rows come and go above it. The list keeps the first visible row where it is; that must
 * be a message that keeps its height. The first message of all, and one after a gap, lose what begins a group (space, name,
 * picture) when the messages before them are loaded, and the day above them moves to the beginning of that day.
 */
export function useAnchors(items: readonly MessageListItem[], list: React.RefObject<LegendListRef | null>) {
  const previous = useRef(NO_ITEMS);
  const anchors = useMemo(() => {
    const before = previous.current;
    const loose = looseRows(before);
    const isSteady = (item: MessageListItem): boolean => item.kind === 'message' && !loose.has(item.key);
    const isOneSteady = (): boolean => {
      const { start = 0, end = -1 } = list.current?.getState() ?? {};
      return before.slice(start, end + 1).some(isSteady);
    };
    return {
      data: true,
      // A message that fills the window is the only choice.
      shouldRestorePosition: (item: MessageListItem) =>
        isSteady(item) || (item.kind === 'message' && !isOneSteady()),
    };
    // The list asks when the items change: about those that were shown until then.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items, list]);
  useEffect(() => {
    previous.current = items;
  }, [items]);
  return anchors;
}

/** Keys of the messages whose neighbour above is not on the device. */
function looseRows(items: readonly MessageListItem[]): ReadonlySet<string> {
  const keys = new Set<string>();
  let isLoose = true;
  for (const { kind, key } of items) {
    if (kind === 'message' && isLoose) keys.add(key);
    if (kind === 'message' || kind === 'gap') isLoose = kind === 'gap';
  }
  return keys;
}
