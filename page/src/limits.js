/**
 * How long texts may be, measured as the server measures them: `LIMITS` of the contract in code points, after trimming.
 * Nothing that is too long is cut; the page says by how much, and does not send it. Pure.
 */
export const MAX_LENGTHS = {
  text: 8_000,
  name: 100,
  title: 200,
  comment: 1_000,
  url: 2_048,
  userId: 128,
  words: 200,
};

/** Code points: an emoji outside of the basic plane counts once. @param {string} text */
export function textLength(text) {
  let length = 0;
  for (const _codePoint of text) length += 1;
  return length;
}

/**
 * What to say about a text that is too long.
 *
 * @param {string} text
 * @param {number} max
 * @returns {string | undefined} undefined when it fits
 */
export function excessOf(text, max) {
  const length = textLength(text.trim());
  if (length <= max) return undefined;
  return `${count(length)} characters are ${count(length - max)} too many: at most ${count(max)} can be sent.`;
}

/** @param {number} number */
const count = (number) => number.toLocaleString('en');
