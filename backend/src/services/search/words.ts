import { LIMITS, type Attachment, type Card, type Location } from '../../../../contract/index.js';

/** What a message says, as far as it can be found by words. */
export interface Said {
  content?: string | undefined;
  attachments?: readonly Pick<Attachment, 'name'>[] | undefined;
  location?: Pick<Location, 'title'> | undefined;
  card?: Pick<Card, 'title' | 'id'> | undefined;
}

const ASCII = /^[\0-\x7f]*$/;
/** Accents of Latin, Greek and Cyrillic letters. */
const ACCENTS = /[\u0300-\u036f]/g;
/** Letters that no decomposition takes apart, and that people without such a keyboard write otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ς: 'σ' },
};
const OTHER_LETTERS = new RegExp(`[${Object.keys(OTHERWISE).join('')}]`, 'gu');

/** The same for however it was typed: width, case, accents, composed or not. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .toLowerCase()
    .replace(OTHER_LETTERS, (letter) => OTHERWISE[letter] ?? letter)
    .normalize('NFC');
}

const RUNS = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that write no spaces between words. */
const UNSPACED =
  '\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}';
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
const PARTS = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu');

/** The words of a text, folded; of a script without spaces whole runs. */
const runsOf = (text: string): string[] =>
  (fold(text).match(RUNS) ?? []).flatMap((run) => (ASCII.test(run) ? [run] : (run.match(PARTS) ?? [])));

const shorten = (word: string): string =>
  word.length <= LIMITS.maxSearchWordChars
    ? word
    : Array.from(word).slice(0, LIMITS.maxSearchWordChars).join('');

/**
 * Of a script without spaces every two neighbours are a word: where words begin only a dictionary knows, and what one
 * version of it stored the next would not find.
 */
function pairsOf(run: string): string[] {
  const chars = Array.from(run);
  return chars.slice(1).map((char, index) => `${chars[index] ?? ''}${char}`);
}

/** What is stored of a run: for scripts without spaces its last character, too, so that each can be found alone. */
const toStored = (run: string): string[] =>
  IS_UNSPACED.test(run) ? [...pairsOf(run), Array.from(run).at(-1) ?? run] : [shorten(run)];

const toTerms = (run: string): string[] => {
  const pairs = IS_UNSPACED.test(run) ? pairsOf(run) : [];
  return pairs.length > 0 ? pairs : [shorten(run)];
};

/** What search finds a message by: of what it says and carries the first words, each once. */
export function wordsOf({ content = '', attachments = [], location, card }: Said): string[] {
  const carried = [...attachments.map(({ name }) => name), location?.title, card?.title, card?.id];
  const words = new Set<string>();
  for (const text of [content, ...carried]) {
    if (text === undefined) continue;
    for (const run of runsOf(text)) {
      for (const word of toStored(run)) {
        if (words.size >= LIMITS.maxWordsPerMessage) return [...words];
        words.add(word);
      }
    }
  }
  return [...words];
}

/** What is searched for: everything that a stored word has to begin with; undefined for more words than are allowed. */
export function termsOf(words: string): string[] | undefined {
  const runs = [...new Set(runsOf(words))];
  if (runs.length > LIMITS.maxSearchWords) return undefined;
  return [...new Set(runs.flatMap(toTerms))];
}

/** Whether each of these terms is the beginning of one of these words. */
export const beginsWithAll = (words: readonly string[], terms: readonly string[]): boolean =>
  terms.every((term) => words.some((word) => word.startsWith(term)));
