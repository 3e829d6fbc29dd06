import type { TextInput } from 'react-native';

/** Nothing is dropped or pasted on phones. */
export const isBehind = (_field: TextInput | null): boolean => false;
