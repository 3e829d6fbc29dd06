import { once } from 'node:events';
import { describeDatabase, type DatabaseFacts } from './database.js';
import type { Counts, Outcome } from './task.js';

/** Writes a report to standard output as the task runs; nothing is buffered. */
export interface Report {
  /** Prints the database first, before any change. */
  begin(database: DatabaseFacts): Promise<void>;
  change(line: string): Promise<void>;
  /** Prints a line that is neither a change nor a problem. */
  note(line: string): Promise<void>;
  problem(sentence: string, details: Record<string, unknown> | undefined): Promise<void>;
  end(lines: readonly string[], fields: Record<string, unknown>): Promise<void>;
}

export type Print = (text: string) => Promise<void>;

export const toStandardOutput: Print = async (text) => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};

export class TextReport implements Report {
  constructor(readonly print: Print) {}

  begin(database: DatabaseFacts): Promise<void> {
    return this.print(`${describeDatabase(database)}\n`);
  }

  change(line: string): Promise<void> {
    return this.print(`${line}\n`);
  }

  note(line: string): Promise<void> {
    return this.change(line);
  }

  problem(sentence: string): Promise<void> {
    return this.print(`! ${sentence}\n`);
  }

  end(lines: readonly string[]): Promise<void> {
    return this.print(lines.map((line) => `${line}\n`).join(''));
  }
}

/** Options of a JSON report: which parts precede the closing fields. */
export interface JsonOptions {
  /** Includes name, address and size of the database as `database`. */
  database: boolean;
  /** Includes changes, notes and problems one by one as `details`. */
  details: boolean;
  /** Prints the database line for the operator: standard output is reserved for JSON. */
  announce: (line: string) => unknown;
}

/** One JSON object: `{"database": …, "details": [{"change": …}, {"note": …} or {"problem": …} …], …}`. */
export class JsonReport implements Report {
  #database: DatabaseFacts | undefined;
  #isBegun = false;
  #isDetailed = false;

  constructor(
    readonly print: Print,
    readonly options: JsonOptions,
  ) {}

  begin(database: DatabaseFacts): Promise<void> {
    this.#database = database;
    this.options.announce(`${describeDatabase(database)}\n`);
    return Promise.resolve();
  }

  change(line: string): Promise<void> {
    return this.#add({ change: line });
  }

  note(line: string): Promise<void> {
    return this.#add({ note: line });
  }

  problem(sentence: string, details: Record<string, unknown> | undefined): Promise<void> {
    return this.#add({ problem: sentence, ...details });
  }

  async end(_lines: readonly string[], fields: Record<string, unknown>): Promise<void> {
    const details = this.#isDetailed ? '\n],' : this.options.details ? '"details":[],' : '';
    await this.print(`${this.#opening()}${details}${JSON.stringify(fields).slice(1)}\n`);
  }

  /** Returns the beginning of the JSON object on the first call, and an empty string afterwards. */
  #opening(): string {
    if (this.#isBegun) return '';
    this.#isBegun = true;
    return `{${this.options.database ? `"database":${JSON.stringify(this.#database)},` : ''}`;
  }

  async #add(value: unknown): Promise<void> {
    if (!this.options.details) return;
    const before = this.#isDetailed ? ',\n' : `${this.#opening()}"details":[\n`;
    this.#isDetailed = true;
    await this.print(before + JSON.stringify(value));
  }
}

export const addCounts = (counts: Counts, more: Counts | undefined): void => {
  for (const [name, count] of Object.entries(more ?? {})) counts[name] = (counts[name] ?? 0) + count;
};

export const describeCounts = ({ counts }: Pick<Outcome, 'counts'>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}: ${count}`)
    .join(', ');
