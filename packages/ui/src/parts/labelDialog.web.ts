import type { View } from 'react-native';

/** Gives the dialog around an element its name: `Modal` of react-native-web takes none. */
export function labelDialog(inner: View | null, label: string): void {
  // Elements of react-native-web are those of the document.
  const element = inner as unknown as HTMLElement | null;
  element?.closest('[aria-modal]')?.setAttribute('aria-label', label);
}
