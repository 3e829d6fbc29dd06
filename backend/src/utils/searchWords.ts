import { LIMITS, type Attachment, type Card, type Location } from '../../../contract/index.js';

/** Searchable fields of a message. */
export interface SearchableMessage {
  content?: string | undefined;
  attachments?: readonly Pick<Attachment, 'name'>[] | undefined;
  location?: Pick<Location, 'title'> | undefined;
  card?: Pick<Card, 'title' | 'id'> | undefined;
}

const ASCII = /^[\0-\x7f]*$/;
/** Letters without a Unicode decomposition that are often typed as others, e.g. on keyboards that lack them. */
const FOLDED_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ς: 'σ',
  // Arabic and Persian: alef wasla, alef maksura and Farsi yeh, keheh.
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  // Hebrew: final forms.
  ך: 'כ',
  ם: 'מ',
  ן: 'נ',
  ף: 'פ',
  ץ: 'צ',
};
const FOLDED_LETTERS_PATTERN = new RegExp(`[${Object.keys(FOLDED_LETTERS).join('')}]`, 'gu');
/** Katakana letters that have a Hiragana counterpart, in the same order. */
const KATAKANA = /[\u30a1-\u30f6]/g;
const toHiragana = (kana: string): string => String.fromCharCode(kana.charCodeAt(0) - 0x60);
/**
 * Characters without width, and tatweel (U+0640), which only stretches a word. Excludes the zero-width space (U+200B),
 * which separates words.
 */
const IGNORABLE = /(?!\u200b)[\p{Default_Ignorable_Code_Point}\u0640]/gu;

/** Compares at the first level of the Unicode collation algorithm: base letters only. */
const LETTERS = new Intl.Collator('und', { sensitivity: 'base' });
/** Kana voicing marks form different letters: "ba" is not "ha". */
const VOICED = /[\u3099\u309a]/;
const foldedMarks = new Map<string, string>();

/**
 * Returns an empty string for a combining mark that Unicode treats as an accent, in any script (harakat, niqqud, tones,
 * nukta). Returns the mark itself where it is a letter of its own (vowel signs of Indic scripts and Thai).
 */
function foldMark(mark: string): string {
  const known = foldedMarks.get(mark);
  if (known !== undefined) return known;
  const folded = !VOICED.test(mark) && LETTERS.compare(`a${mark}`, 'a') === 0 ? '' : mark;
  foldedMarks.set(mark, folded);
  return folded;
}

/** Folds width, case, accents and composition, so that texts match however they were typed. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(IGNORABLE, '')
    .replace(/\p{M}/gu, foldMark)
    .toLowerCase()
    .replace(FOLDED_LETTERS_PATTERN, (letter) => FOLDED_LETTERS[letter] ?? letter)
    .replace(KATAKANA, toHiragana)
    .normalize('NFC');
}

const WORD_RUNS = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that do not separate words by spaces. */
const UNSPACED_SCRIPTS =
  '\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}';
const IS_UNSPACED = new RegExp(`^[${UNSPACED_SCRIPTS}]`, 'u');
const SCRIPT_RUNS = new RegExp(`[${UNSPACED_SCRIPTS}]+|[^${UNSPACED_SCRIPTS}]+`, 'gu');

/** Splits a text into folded words; in scripts without spaces, into whole runs. */
const runsOf = (text: string): string[] =>
  (fold(text).match(WORD_RUNS) ?? []).flatMap((run) =>
    ASCII.test(run) ? [run] : (run.match(SCRIPT_RUNS) ?? []),
  );

const shorten = (word: string): string =>
  word.length <= LIMITS.maxSearchWordChars
    ? word
    : Array.from(word).slice(0, LIMITS.maxSearchWordChars).join('');

/**
 * Bigrams of a run in a script without spaces. Word boundaries would need a dictionary, and words stored with one
 * version of it would not be found with the next.
 */
function bigramsOf(run: string): string[] {
  const chars = Array.from(run);
  return chars.slice(1).map((char, index) => `${chars[index] ?? ''}${char}`);
}

/**
 * Index terms of a run. In scripts without spaces this includes its last character, so that each character can be found
 * alone.
 */
const toIndexTerms = (run: string): string[] =>
  IS_UNSPACED.test(run) ? [...bigramsOf(run), Array.from(run).at(-1) ?? run] : [shorten(run)];

/** Query terms of a run. */
const toQueryTerms = (run: string): string[] => {
  const pairs = IS_UNSPACED.test(run) ? bigramsOf(run) : [];
  return pairs.length > 0 ? pairs : [shorten(run)];
};

/**
 * Index terms of a message: the first `LIMITS.maxWordsPerMessage` different words of its text, attachments,
 * location and card.
 */
export function wordsOf({ content = '', attachments = [], location, card }: SearchableMessage): string[] {
  const carried = [...attachments.map(({ name }) => name), location?.title, card?.title, card?.id];
  const words = new Set<string>();
  for (const text of [content, ...carried]) {
    if (text === undefined) continue;
    for (const run of runsOf(text)) {
      for (const word of toIndexTerms(run)) {
        if (words.size >= LIMITS.maxWordsPerMessage) return [...words];
        words.add(word);
      }
    }
  }
  return [...words];
}

/**
 * Query terms of a search; undefined when it has more words than `LIMITS.maxSearchWords`. Each term must be a prefix of
 * a stored word.
 */
export function termsOf(words: string): string[] | undefined {
  const runs = [...new Set(runsOf(words))];
  if (runs.length > LIMITS.maxSearchWords) return undefined;
  return [...new Set(runs.flatMap(toQueryTerms))];
}

/** True when each term is a prefix of at least one word. */
export const matchesAllTerms = (words: readonly string[], terms: readonly string[]): boolean =>
  terms.every((term) => words.some((word) => word.startsWith(term)));
