import type { TextInput } from 'react-native';

/** Focuses a field. Phones put the cursor after its text by themselves. */
export const focusAtEnd = (field: TextInput | null): void => field?.focus();
