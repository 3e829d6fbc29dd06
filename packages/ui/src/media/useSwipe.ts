import { useRef } from 'react';
import type { GestureResponderEvent } from 'react-native';
import { isEnlarged } from './holdPage.js';

/** Pixels by which a swipe is longer in its direction than across it. */
const MIN_PX = 50;

/**
 * Returns the properties of an element over which one finger swipes.
 *
 * @param onSwipe gets -1 for a swipe to the left, 1 for one to the right, 0 for one down
 */
export function useSwipe(onSwipe: (to: number) => void) {
  const from = useRef<readonly [number, number]>(undefined);
  return {
    onTouchStart: ({ nativeEvent: { touches } }: GestureResponderEvent): void => {
      const [touch] = touches;
      // Two fingers enlarge the page.
      from.current = touch && touches.length < 2 && !isEnlarged() ? [touch.pageX, touch.pageY] : undefined;
    },
    onTouchEnd: ({ nativeEvent: { changedTouches } }: GestureResponderEvent): void => {
      const [touch] = changedTouches;
      if (from.current === undefined || touch === undefined) return;
      const [x, y] = [touch.pageX - from.current[0], touch.pageY - from.current[1]];
      from.current = undefined;
      if (Math.abs(x) > Math.abs(y) + MIN_PX) onSwipe(Math.sign(x));
      else if (y > Math.abs(x) + MIN_PX) onSwipe(0);
    },
  };
}
