import type { Finding } from '../frame/task.js';

/** Remarks on values that could be read in several ways. Each is counted and reported at the end with examples. */
const SENTENCES = {
  skippedTimes:
    'times do not exist in the time zone (its clocks were put forward): read with the offset before the change',
  repeatedTimes:
    'times occur twice in the time zone (its clocks were put back): read as the first of the two',
  guessedDirect:
    'conversations have no type and two people: guessed to be chats of two (conversations.type in the mapping says what they are)',
  guessedGroup:
    'conversations have no type and other than two people: guessed to be groups (conversations.type in the mapping says what they are)',
} as const;
export type TallyName = keyof typeof SENTENCES;

const MAX_EXAMPLES = 5;

export class Tally {
  readonly #noted = new Map<TallyName, { count: number; examples: string[] }>();

  note(name: TallyName, example: string): void {
    const noted = this.#noted.get(name) ?? { count: 0, examples: [] };
    noted.count += 1;
    if (noted.examples.length < MAX_EXAMPLES) noted.examples.push(example);
    this.#noted.set(name, noted);
  }

  *findings(): Generator<Finding> {
    for (const [name, { count, examples }] of this.#noted) {
      const more = count > examples.length ? ' …' : '';
      yield {
        problem: `${count} ${SENTENCES[name]}: ${examples.join(', ')}${more}`,
        details: { reason: name, count, examples },
        counts: { [name]: count },
      };
    }
  }
}
