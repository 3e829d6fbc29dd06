import type { View } from 'react-native';

/** True while the user has enlarged the page: fingers then move it. */
export const isEnlarged = (): boolean => (globalThis.visualViewport?.scale ?? 1) > 1;

function onMove(event: TouchEvent): void {
  if (event.cancelable && event.touches.length === 1 && !isEnlarged()) event.preventDefault();
}

/** Keeps the page where it is while one finger swipes over an element: browsers reload a page that is pulled down. */
export function holdPage(view: View | null): void {
  // React's own listeners are passive.
  if (view instanceof HTMLElement) view.addEventListener('touchmove', onMove, { passive: false });
}
