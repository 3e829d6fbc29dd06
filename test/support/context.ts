declare module 'vitest' {
  export interface ProvidedContext {
    /** URI of the database server shared by the whole run. */
    mongoUri: string;
  }
}
export {};
