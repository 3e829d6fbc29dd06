/** Nothing is dropped or pasted on phones. */
export const isBehind = (): boolean => false;
