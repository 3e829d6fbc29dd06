import type { LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useEffect, useRef } from 'react';
import type { MessageListItem } from '@parley/react';

interface TargetInput {
  list: React.RefObject<LegendListRef | null>;
  items: readonly MessageListItem[];
  /** Message to show; a new object shows it again. */
  target: { seq: number } | undefined;
  onReachedTarget: (seq: number) => void;
}

/** Times of looking after the target, in ms. */
const CHECK_MS = 100;
const MAX_CHECKS = 30;
/** Number of checks in a row after which the target stays. */
const STABLE_CHECKS = 5;

/**
 * Scrolls to the target as soon as it is among the items, and again while what is loaded around it moves it away.
 *
 * @returns a function that lets go of the target: the user goes elsewhere
 */
export function useTarget({ list, items, target, onReachedTarget }: TargetInput): () => void {
  const isHeld = useRef(false);
  const done = useRef<object | undefined>(undefined);
  useEffect(() => {
    if (target === undefined || done.current === target) return;
    const item = items.find((one) => one.kind === 'message' && one.message?.seq === target.seq);
    if (item === undefined) return;
    done.current = target;
    isHeld.current = true;
    const isCurrent = (): boolean => isHeld.current && done.current === target;
    void scrollTo(list.current, item.key)
      .then(() => onReachedTarget(target.seq))
      .then(() => keepShown({ list, key: item.key, isCurrent }));
  }, [list, items, target, onReachedTarget]);
  return useCallback(() => {
    isHeld.current = false;
  }, []);
}

const indexIn = (list: LegendListRef, key: string): number => list.getState().indexByKey(key) ?? -1;

async function scrollTo(list: LegendListRef | null, key: string): Promise<void> {
  if (list !== null)
    await list.scrollToIndex({ index: indexIn(list, key), viewPosition: 0.4, animated: false });
}

interface KeepInput {
  list: React.RefObject<LegendListRef | null>;
  key: string;
  /** False as soon as another target is wanted, or none. */
  isCurrent: () => boolean;
}

async function keepShown({ list, key, isCurrent }: KeepInput): Promise<void> {
  let stable = 0;
  for (let check = 0; check < MAX_CHECKS && stable < STABLE_CHECKS; check += 1) {
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
    if (list.current === null || !isCurrent()) return;
    const { start, end } = list.current.getState();
    const index = indexIn(list.current, key);
    stable = index >= start && index <= end ? stable + 1 : 0;
    if (stable === 0 && index >= 0) await scrollTo(list.current, key);
  }
}
