/** Small values under names. */
export interface Values {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
}

/** Prefix of all names. */
export const PREFIX = 'parley.';
