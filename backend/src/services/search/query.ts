import { LIMITS, type CommandPayload, type UserId } from '../../../../contract/index.js';
import type { SearchHit, SearchKey } from '../../models/searchModel.js';
import { AppError } from '../../utils/appError.js';
import { matchesAllTerms, termsOf } from '../../utils/searchWords.js';

/** Search query. A message must match the sender and all terms. */
export interface Query {
  /** Each term must be a prefix of at least one word of the message. */
  terms: readonly string[];
  senderId: UserId | undefined;
}

const invalid = (rule: string): AppError =>
  new AppError('VALIDATION', `Search: ${rule}.`, { details: [{ path: 'words', rule }] });

/**
 * Parses a query.
 *
 * @returns undefined when nothing can match, because the words contain no letter or digit.
 * @throws AppError `VALIDATION` without words and sender, or for too many words.
 */
export function toQuery({
  words,
  senderId,
}: Pick<CommandPayload<'searchMessages'>, 'words' | 'senderId'>): Query | undefined {
  // Route parameters are parsed one by one: the schema cannot require one of two.
  if (words === undefined && senderId === undefined) throw invalid('give words or senderId');
  const terms = termsOf(words ?? '');
  if (terms === undefined) throw invalid(`at most ${LIMITS.maxSearchWords} words`);
  const isBlank = (words ?? '').trim() === '';
  return terms.length === 0 && (!isBlank || senderId === undefined) ? undefined : { terms, senderId };
}

/** Maximum number of words that are compared to find the rarest. */
const MAX_CANDIDATES = 3;

/** Returns the keys to look up in the index: the longest words, which tend to be the rarest, and the sender. */
export const keysOf = ({ terms, senderId }: Query): SearchKey[] => [
  ...terms
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_CANDIDATES)
    .map((term) => ({ term })),
  ...(senderId === undefined ? [] : [{ senderId }]),
];

/** True when a message found by one key matches the whole query. */
export const matchesQuery = ({ terms, senderId }: Query, found: SearchHit): boolean =>
  found.kind !== 'system' &&
  found.deletedAt === undefined &&
  (senderId === undefined || found.senderId === senderId) &&
  matchesAllTerms(found.words, terms);
