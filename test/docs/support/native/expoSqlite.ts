/** Stands for `expo-sqlite` in a page. */
export const openDatabaseAsync = (): Promise<never> =>
  Promise.reject(new Error('there is no SQLite in a page'));
