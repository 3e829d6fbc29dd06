import type { TextInput } from 'react-native';

/** Focuses a field, with the cursor after its text: browsers put it before a text that is there from the beginning. */
export function focusAtEnd(field: TextInput | null): void {
  // Elements of react-native-web are those of the document.
  const element = field as unknown as HTMLTextAreaElement | null;
  element?.focus();
  element?.setSelectionRange(element.value.length, element.value.length);
}
