import { AppState } from 'react-native';

/** True while the app is in the foreground. */
export const hasAttention = (): boolean => AppState.currentState === 'active';

/** Calls back when it may have changed. @returns a function that removes the listener */
export function onAttention(listener: () => void): () => void {
  const subscription = AppState.addEventListener('change', listener);
  return () => subscription.remove();
}
