import type { View } from 'react-native';

/**
 * Gives the dialog around an element its name, which `Modal` of react-native-web takes from nobody, and at once the role that it
 * gets from there some time after it is shown.
 */
export function labelDialog(inner: View | null, label: string): void {
  // Elements of react-native-web are those of the document.
  const dialog = (inner as unknown as HTMLElement | null)?.closest('[aria-modal]');
  dialog?.setAttribute('aria-label', label);
  dialog?.setAttribute('role', 'dialog');
}
