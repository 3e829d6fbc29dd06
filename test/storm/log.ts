import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Entry, StormEvent } from './checker/history.js';

interface Teller {
  client: string;
  user: string;
  server?: string | undefined;
}

/** Log of all actions and observations of clients, by one clock, in memory until it is written to a file. */
export class StormLog {
  readonly events: StormEvent[] = [];
  readonly #startedMs = performance.now();

  /** Returns ms since the start of the run. */
  now(): number {
    return performance.now() - this.#startedMs;
  }

  add({ client, user, server }: Teller, entry: Entry): void {
    this.events.push({ at: Math.round(this.now() * 1_000) / 1_000, client, user, server, ...entry });
  }

  count(kind: StormEvent['kind'], fits: (event: StormEvent) => boolean = () => true): number {
    return this.events.filter((event) => event.kind === kind && fits(event)).length;
  }

  /** Writes the log as JSON lines. */
  async write(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, this.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}
