const JOURNAL = /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[a-z-]+-\d+\.jsonl/;

/** Patterns of values that differ in each run. The first pattern that matches is used. */
const CHANGING = [
  JOURNAL,
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/,
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/,
  /\b[0-9a-f]{24}\b/,
  /\b\d\d:\d\d:\d\d\b/,
  /mongodb:\/\/[^\s,;)]+/,
  // Ids of connections, and cursors.
  /(?<="[sp]id":")[\w-]{20}/,
  /\bWy[IJ][\w-]{20,}/,
  /\bNode \d+\.\d+\.\d+\b/,
];
const TOKENS = new RegExp(`(${CHANGING.map(({ source }) => source).join('|')})`);

/** Progress lines, which depend on the machine. */
const PROGRESS = /\d+\/s\b/;

/** Maps names of a page (ids, journals) to those of this run, consistently. */
export class Names {
  readonly #actual = new Map<string, string>();

  /** Maps all of these pairs if they do not contradict the mapping. @returns whether they were mapped. */
  pair(pairs: readonly (readonly [string, string])[]): boolean {
    const kind = (name: string): number => CHANGING.findIndex((pattern) => pattern.test(name));
    const fits = pairs.every(([documented, actual]) => {
      const known = isTime(documented) ? undefined : this.#actual.get(documented);
      return kind(documented) === kind(actual) && (known === undefined || known === actual);
    });
    if (fits) for (const [documented, actual] of pairs) this.#actual.set(documented, actual);
    return fits;
  }

  /** Maps journal names even if the other output differs, because a later command may use them. */
  pairJournals(documented: readonly string[], actual: readonly string[]): void {
    const journalOf = (lines: readonly string[]): string | undefined => JOURNAL.exec(lines.join('\n'))?.[0];
    const [wanted, found] = [journalOf(documented), journalOf(actual)];
    if (wanted !== undefined && found !== undefined) this.#actual.set(wanted, found);
  }

  /** Returns a printed line with the names of this run replaced by the names of the page. */
  untranslate(line: string): string {
    const documented = new Map([...this.#actual].map(([name, actual]) => [actual, name]));
    return line
      .split(TOKENS)
      .map((part) => documented.get(part) ?? part)
      .join('');
  }

  /** Replaces the names of the page in a command by those of this run. */
  translate(command: string): string {
    return command
      .split(TOKENS)
      .map((part) => this.#actual.get(part) ?? part)
      .join('');
  }
}

/** Times are mapped inconsistently: two may be equal once and differ later. */
const isTime = (name: string): boolean => /^\d{4}-.*Z$|^\d\d:/.test(name);

/**
 * Compares outputs. `…` in a page stands for any text. Lines may be reordered, because several conversations are
 * processed in parallel.
 *
 * @returns the difference, or undefined
 */
export function difference(
  documented: readonly string[],
  actual: readonly string[],
  names: Names,
): string | undefined {
  const [wanted, left] = [withoutProgress(documented), withoutProgress(actual)];
  names.pairJournals(wanted, left);
  const missing: string[] = [];
  for (const line of wanted) {
    const at = left.findIndex((candidate) => isSame(line, candidate, names));
    if (at < 0) missing.push(line);
    else left.splice(at, 1);
  }
  if (missing.length === 0 && left.length === 0) return undefined;
  return `says “${missing.join('\n')}”, and prints “${left.join('\n')}”`;
}

const withoutProgress = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.trim() !== '' && !PROGRESS.test(line)).map((line) => inOrder(line.trimEnd()));

/** Sorts the counts of a summary, whose order depends on the order of processing. */
const inOrder = (line: string): string =>
  line.replace(/(?<=^[\w-]+: ).*(?= \([\w ]+\)\.$)/, (counts) => counts.split(', ').sort().join(', '));

function isSame(documented: string, actual: string, names: Names): boolean {
  const wanted = documented.split(TOKENS);
  const found = documented.includes('…') ? toPattern(wanted).exec(actual)?.slice(1) : namesIn(wanted, actual);
  const pairs = wanted
    .filter((_, index) => isName(index))
    .map((name, at) => [name, found?.[at] ?? ''] as const);
  return found !== undefined && names.pair(pairs);
}

/** `split(TOKENS)` returns texts at even places and names at odd ones. */
const isName = (index: number): boolean => index % 2 === 1;

/** Returns the names of a line if all texts between them are those of the page. */
function namesIn(wanted: readonly string[], actual: string): string[] | undefined {
  const found = actual.split(TOKENS);
  const isEqual =
    found.length === wanted.length && wanted.every((part, at) => isName(at) || part === found[at]);
  return isEqual ? found.filter((_, index) => isName(index)) : undefined;
}

const toPattern = (parts: readonly string[]): RegExp =>
  new RegExp(
    `^${parts.map((part, index) => (isName(index) ? TOKENS.source : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*'))).join('')}$`,
  );
