import { LIMITS, type CommandPayload, type UserId } from '../../../../contract/index.js';
import type { Found, SearchKey } from '../../models/searchModel.js';
import { AppError } from '../../utils/appError.js';
import { beginsWithAll, termsOf } from './words.js';

/** What is searched for: messages that have all of it. */
export interface Query {
  /** Each of them is the beginning of one of the message's words. */
  terms: readonly string[];
  senderId: UserId | undefined;
}

const invalid = (rule: string): AppError =>
  new AppError('VALIDATION', `Search: ${rule}.`, { details: [{ path: 'words', rule }] });

/**
 * @returns undefined where nothing can be found: there is no letter and no digit in the words.
 * @throws AppError `VALIDATION`: neither words nor sender, or too many words.
 */
export function toQuery({
  words,
  senderId,
}: Pick<CommandPayload<'searchMessages'>, 'words' | 'senderId'>): Query | undefined {
  // A route takes its parameters one by one, and cannot say that one of two has to be there.
  if (words === undefined && senderId === undefined) throw invalid('give words or senderId');
  const terms = termsOf(words ?? '');
  if (terms === undefined) throw invalid(`at most ${LIMITS.maxSearchWords} words`);
  const isBlank = (words ?? '').trim() === '';
  return terms.length === 0 && (!isBlank || senderId === undefined) ? undefined : { terms, senderId };
}

/** Words that are tried out for which of them is the rarest. */
const MAX_CANDIDATES = 3;

/** By what the index may be asked: the longest words, which are rare more often, and the sender. */
export const keysOf = ({ terms, senderId }: Query): SearchKey[] => [
  ...terms
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_CANDIDATES)
    .map((term) => ({ term })),
  ...(senderId === undefined ? [] : [{ senderId }]),
];

/** Whether a message that one key has found is what was asked for. */
export const fits = ({ terms, senderId }: Query, found: Found): boolean =>
  found.kind !== 'system' &&
  found.deletedAt === undefined &&
  (senderId === undefined || found.senderId === senderId) &&
  beginsWithAll(found.words, terms);
