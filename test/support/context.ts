declare module 'vitest' {
  export interface ProvidedContext {
    /** The database server of the whole run. */
    mongoUri: string;
  }
}
export {};
