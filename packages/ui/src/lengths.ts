/** Lengths of texts as the server measures them: in code points, without white space at both ends. */
export const lengthOf = (text: string): number => Array.from(text.trim()).length;

/** Number of code points that are too many; 0 when the text fits. */
export const excessOf = (text: string, max: number): number => Math.max(0, lengthOf(text) - max);

export const fits = (text: string, max: number): boolean => excessOf(text, max) === 0;
