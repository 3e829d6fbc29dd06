/**
 * What the page does with an answer: its data, or a sentence for people.
 *
 * @import { Answer } from './types.js'
 */
import { reasonOf } from './errors.js';

/** @typedef {{ error: string } | { data: any }} Outcome */

/** @type {Record<string, string>} */
const PASSING = {
  OFFLINE: 'There is no connection. Try again when you are back.',
  TIMEOUT: 'The server has not answered. Try again.',
  UNAVAILABLE: 'The server cannot do this right now. Try again.',
  INTERNAL: 'Something went wrong on the server. Try again.',
  RATE_LIMITED: 'That was a lot at once. Try again in a moment.',
};

/**
 * @param {Answer} answer
 * @returns {Outcome}
 */
export const outcomeOf = (answer) =>
  answer.success ? { data: answer.data } : { error: PASSING[answer.code] ?? reasonFor(answer) };

/** @param {{ code: string, error: string }} failure */
const reasonFor = ({ code, error }) =>
  code === 'LIMIT_EXCEEDED' || code === 'FORBIDDEN' ? error : (reasonOf(code) ?? error);
