import type { View } from 'react-native';

/** Dialogs of phones are named by their first heading. */
export const labelDialog = (_inner: View | null, _label: string): void => undefined;
