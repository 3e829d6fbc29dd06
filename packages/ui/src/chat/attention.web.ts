/** True while the window is seen and has the focus: of two windows side by side, one is looked at. */
export const hasAttention = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

/** Calls back when it may have changed. @returns a function that removes the listener */
export function onAttention(listener: () => void): () => void {
  addEventListener('focus', listener);
  document.addEventListener('visibilitychange', listener);
  return () => {
    removeEventListener('focus', listener);
    document.removeEventListener('visibilitychange', listener);
  };
}
