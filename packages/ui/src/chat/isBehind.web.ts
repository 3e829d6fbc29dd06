import type { TextInput } from 'react-native';

/** True when a dialog or a menu is open over a field. A chat may be in a dialog itself. */
export function isBehind(field: TextInput | null): boolean {
  const topmost = [...document.querySelectorAll('[aria-modal]')].at(-1);
  // Elements of react-native-web are those of the document.
  const element = field as unknown as HTMLElement | null;
  return topmost !== undefined && topmost !== element?.closest('[aria-modal]');
}
