/**
 * Sentences for users about what the SDK says in codes. Pure.
 *
 * @import { ConversationRecord, FileUpload, RejectionReason } from '@parley/client'
 */
import { ParleyError } from '@parley/client';
import { closedReasonOf } from '@parley/client/selectors';

/** @type {Record<string, string>} */
const REASONS = {
  NOT_PARTICIPANT: 'You are not in this conversation.',
  BLOCKED: 'This person cannot be written to.',
  FORBIDDEN: 'You may not do this.',
  TOO_LARGE: 'The message is too long.',
  LIMIT_EXCEEDED: 'A limit was reached.',
  UPLOAD_REJECTED: 'The file cannot be sent.',
  UPLOAD_REFUSED: 'The file could not be uploaded.',
  FILE_GONE: 'The file is not here any more.',
};

/** @type {Record<string, string>} */
const PASSING = {
  OFFLINE: 'There is no connection. Try again when you are back.',
  TIMEOUT: 'The server has not answered. Try again.',
  UNAVAILABLE: 'The server cannot do this right now. Try again.',
  INTERNAL: 'Something went wrong on the server. Try again.',
  RATE_LIMITED: 'That was a lot at once. Try again in a moment.',
};

/** Codes with many causes: the server's own sentence names the one. */
const NAMED_BY_SERVER = new Set(['LIMIT_EXCEEDED', 'FORBIDDEN']);

/**
 * Why a message cannot be sent as it is.
 *
 * @param {string | undefined} code
 */
export const reasonOf = (code) => (code === undefined ? undefined : REASONS[code]);

/** @type {Record<RejectionReason, string>} */
const REJECTED = {
  size: 'The file has changed.',
  type: 'The content is not what its name says.',
  unreadable: 'The file is damaged.',
  tooManyPixels: 'The picture is too large.',
  tooSlow: 'The file could not be checked.',
  malware: 'The file is dangerous.',
};

/**
 * Why a file is not uploaded; undefined while there is nothing to say.
 *
 * @param {Pick<FileUpload, 'status' | 'code' | 'reason'>} upload
 */
export function uploadTrouble({ status, code, reason }) {
  if (status === 'waiting' && code === 'RATE_LIMITED') return 'Waiting: too many files for today';
  if (status !== 'failed') return undefined;
  if (code === 'TOO_LARGE') return 'The file is too large.';
  return (reason && REJECTED[reason]) ?? reasonOf(code) ?? 'Not uploaded';
}

/** @param {ParleyError} error */
const sentenceOf = ({ code, message }) =>
  PASSING[code] ?? (NAMED_BY_SERVER.has(code) ? message : (reasonOf(code) ?? message));

/**
 * Awaits a call of the SDK. A failure becomes a sentence.
 *
 * @template Value
 * @param {Promise<Value>} call
 * @returns {Promise<{ value: Value, error?: undefined } | { value?: undefined, error: string }>}
 */
export async function attempt(call) {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof ParleyError) return { error: sentenceOf(error) };
    throw error;
  }
}

const CLOSED = {
  blocked: 'You have blocked this person.',
  closed: 'You can no longer write to this person.',
  postersOnly: 'Only the owner and admins post in this channel.',
};

/**
 * Why the user cannot write here; undefined when they can.
 *
 * @param {ConversationRecord} conversation
 */
export function whyClosed(conversation) {
  const reason = closedReasonOf(conversation);
  return reason && CLOSED[reason];
}

/**
 * About users who could not be added to a group; undefined when there are none.
 *
 * @param {readonly unknown[]} refused
 */
export const refusedText = ({ length }) =>
  length === 0 ? undefined : `${length === 1 ? '1 person' : `${length} people`} could not be added.`;
