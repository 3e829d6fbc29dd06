import type { View } from 'react-native';

/** Screen readers of phones find their place themselves. */
export const useReturnedFocus = (): ((layer: View | null) => void) => nothing;

const nothing = (): void => undefined;
