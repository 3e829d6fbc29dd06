import { useEffect, useRef } from 'react';
import { useCurrent } from '../useCurrent.js';
import { isFocusFree } from './freeFocus.js';

/**
 * Focuses an element when a part of the page is gone that had the focus, in browsers.
 *
 * @param find returns an element in its place
 */
export function useFocusAfter(isShown: boolean, find: () => { focus: () => void } | null): void {
  const wasShown = useRef(isShown);
  const current = useCurrent(find);
  useEffect(() => {
    if (wasShown.current && !isShown && isFocusFree()) current.current()?.focus();
    wasShown.current = isShown;
  }, [isShown, current]);
}
