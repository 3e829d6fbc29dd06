import { isBlank } from '@parley/client';

/** Lengths of texts as the server measures them: in code points, without white space at both ends. */
export const lengthOf = (text: string): number => Array.from(text.trim()).length;

/** Number of code points that are too many; 0 when the text fits. */
export const excessOf = (text: string, max: number): number => Math.max(0, lengthOf(text) - max);

export const fits = (text: string, max: number): boolean => excessOf(text, max) === 0;

/**
 * Returns a text as the server stores it: trimmed, and empty when nothing of it is visible. Without what the server would refuse:
 * NUL, and halves of characters, which a cut in the midst of an emoji leaves.
 */
export const cleanText = (text: string): string => {
  const whole = text.replaceAll('\0', '').replace(/[\uD800-\uDFFF]/gu, '\uFFFD');
  return isBlank(whole) ? '' : whole.trim();
};
