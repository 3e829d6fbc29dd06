import { useRef } from 'react';
import type { GestureResponderEvent, NativeTouchEvent } from 'react-native';
import { isEnlarged } from './holdPage.js';

export type Swipe = 'left' | 'right' | 'down';

/** Distance in pixels from which a touch is a swipe. */
const MIN_PX = 50;
/** Times by which a swipe is longer than it is crooked. */
const MIN_STRAIGHT = 1.5;

type Point = Pick<NativeTouchEvent, 'pageX' | 'pageY'>;

function directionOf(from: Point, to: Point): Swipe | undefined {
  const [x, y] = [to.pageX - from.pageX, to.pageY - from.pageY];
  if (Math.abs(x) >= Math.max(MIN_PX, Math.abs(y) * MIN_STRAIGHT)) return x < 0 ? 'left' : 'right';
  return y >= Math.max(MIN_PX, Math.abs(x) * MIN_STRAIGHT) ? 'down' : undefined;
}

/** Returns the properties of an element over which one finger swipes. */
export function useSwipe(onSwipe: (swipe: Swipe) => void) {
  const from = useRef<Point>(undefined);
  return {
    onTouchStart: ({ nativeEvent: { touches } }: GestureResponderEvent): void => {
      const [touch] = touches;
      // Two fingers enlarge the page.
      const isOne = touches.length === 1 && !isEnlarged();
      from.current = touch !== undefined && isOne ? { pageX: touch.pageX, pageY: touch.pageY } : undefined;
    },
    onTouchEnd: ({ nativeEvent: { changedTouches } }: GestureResponderEvent): void => {
      const [touch] = changedTouches;
      const swipe = from.current && touch && directionOf(from.current, touch);
      from.current = undefined;
      if (swipe !== undefined) onSwipe(swipe);
    },
    onTouchCancel: (): void => {
      from.current = undefined;
    },
  };
}
