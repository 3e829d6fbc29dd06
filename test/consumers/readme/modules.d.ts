/** The parts of other libraries that the READMEs use. */
declare function it(name: string, test: () => Promise<void>): void;

declare module 'expo-crypto' {
  export function randomUUID(): string;
}

declare module 'expo-sqlite' {
  interface SQLiteDatabase {
    execAsync(source: string): Promise<void>;
    runAsync(source: string, params: (string | number | null)[]): Promise<{ changes: number }>;
    getAllAsync<T>(source: string, params: (string | number | null)[]): Promise<T[]>;
  }
  export function openDatabaseAsync(name: string): Promise<SQLiteDatabase>;
}

declare module '@react-native-community/netinfo' {
  const netInfo: {
    addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void;
  };
  export default netInfo;
}
