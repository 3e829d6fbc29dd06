import { once } from 'node:events';
import type { Counts, Outcome } from './task.js';

/** On standard output, as it comes: neither for people nor for machines is anything kept in memory. */
export interface Report {
  change(line: string): Promise<void>;
  problem(sentence: string, details: Record<string, unknown> | undefined): Promise<void>;
  end(lines: readonly string[], fields: Record<string, unknown>): Promise<void>;
}

export type Print = (text: string) => Promise<void>;

export const toStandardOutput: Print = async (text) => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};

export class TextReport implements Report {
  constructor(readonly print: Print) {}

  change(line: string): Promise<void> {
    return this.print(`${line}\n`);
  }

  problem(sentence: string): Promise<void> {
    return this.print(`! ${sentence}\n`);
  }

  end(lines: readonly string[]): Promise<void> {
    return this.print(lines.map((line) => `${line}\n`).join(''));
  }
}

/** One JSON object: `{"details": [{"change": …} or {"problem": …} …], …}`. */
export class JsonReport implements Report {
  #isOpen = false;

  constructor(readonly print: Print) {}

  change(line: string): Promise<void> {
    return this.#add({ change: line });
  }

  problem(sentence: string, details: Record<string, unknown> | undefined): Promise<void> {
    return this.#add({ problem: sentence, ...details });
  }

  async end(_lines: readonly string[], fields: Record<string, unknown>): Promise<void> {
    await this.print(`${this.#isOpen ? '\n],' : '{"details":[],'}${JSON.stringify(fields).slice(1)}\n`);
  }

  async #add(value: unknown): Promise<void> {
    const before = this.#isOpen ? ',\n' : '{"details":[\n';
    this.#isOpen = true;
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
