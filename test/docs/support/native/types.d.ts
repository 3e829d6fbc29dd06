/** The parts of React Native packages that snippets of the docs use: the packages themselves are too large for a test. */
declare module 'react-native' {
  import type { ReactElement, ReactNode } from 'react';
  interface Styled {
    style?: { flex?: number };
    children?: ReactNode;
  }
  export const View: (props: Styled) => ReactElement;
  export const Text: (props: Styled) => ReactElement;
  export const TextInput: (props: {
    value?: string;
    onChangeText?: (text: string) => void;
    onSubmitEditing?: () => void;
    placeholder?: string;
  }) => ReactElement;
  export function FlatList<Item>(props: {
    data: readonly Item[];
    inverted?: boolean;
    onEndReached?: ((info: { distanceFromEnd: number }) => void) | null;
    renderItem: (info: { item: Item; index: number }) => ReactElement | null;
  }): ReactElement;
  type AppStateStatus = 'active' | 'background' | 'inactive' | 'unknown' | 'extension';
  export const AppState: {
    readonly currentState: AppStateStatus;
    addEventListener: (
      type: 'change' | 'memoryWarning' | 'blur' | 'focus',
      listener: (state: AppStateStatus) => void,
    ) => { remove: () => void };
  };
}

declare module '@react-native-community/netinfo' {
  interface NetInfoState {
    type: string;
    isConnected: boolean | null;
    isInternetReachable: boolean | null;
  }
  const NetInfo: { addEventListener: (listener: (state: NetInfoState) => void) => () => void };
  export default NetInfo;
}

declare module 'expo-sqlite' {
  import type { AsyncSqliteDatabase } from '@parley/client/sqlite';
  export function openDatabaseAsync(name: string): Promise<AsyncSqliteDatabase>;
}

declare module 'expo-crypto' {
  export function randomUUID(): string;
}
