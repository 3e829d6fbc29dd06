import { mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import mongoose from 'mongoose';
import { CannotRun } from './task.js';
import type { JournalEntry } from './entryKinds.js';

const { EJSON } = mongoose.mongo.BSON;
const FORMAT = 'parley-journal/1';

/** The first line of a journal. */
export interface JournalHead {
  journal: string;
  task: string;
  database: string;
  at: string;
}

export interface JournalWriter {
  /** Resolves when the entries are on the disk: only then may the database be changed. */
  write(entries: readonly JournalEntry[]): Promise<void>;
}

/**
 * What is about to be changed, a line of JSON each. Only its owner may read it. It holds ids, places and settings, and
 * never the text of a message: what somebody deletes for everyone must not live on in a file that nobody thinks of.
 */
export class Journal implements JournalWriter {
  #file: FileHandle | undefined;
  /** Steps that are done beside each other write one after another. */
  #written: Promise<void> = Promise.resolve();
  /** Lines that were written. */
  entries = 0;

  constructor(
    readonly path: string,
    readonly head: Omit<JournalHead, 'journal' | 'at'>,
  ) {}

  write(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    const written = this.#written.then(() => this.#append(entries));
    this.#written = written.catch(() => undefined);
    return written;
  }

  async #append(entries: readonly JournalEntry[]): Promise<void> {
    this.#file ??= await this.#create();
    await this.#file.appendFile(entries.map((entry) => `${toLine(entry)}\n`).join(''));
    await this.#file.datasync();
    this.entries += entries.length;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #create(): Promise<FileHandle> {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      const file = await open(this.path, 'ax', 0o600);
      const head: JournalHead = { journal: FORMAT, ...this.head, at: new Date().toISOString() };
      await file.appendFile(`${JSON.stringify(head)}\n`);
      await file.sync();
      const folder = await open(dirname(this.path), 'r');
      await folder.sync();
      await folder.close();
      return file;
    } catch (error) {
      throw new CannotRun(
        `The journal ${this.path} cannot be written: ${error instanceof Error ? error.message : String(error)}. Nothing was changed.`,
      );
    }
  }
}

const toLine = (entry: JournalEntry): string => EJSON.stringify(entry, { relaxed: false });

const CHUNK_BYTES = 1 << 16;
const LINE_FEED = 10;

/** A journal that is read: in constant memory, and from its end as well. */
export class JournalFile {
  readonly #file: FileHandle;
  /** Where each line begins, and where the file ends. */
  readonly #starts: number[];
  readonly head: JournalHead;

  private constructor(file: FileHandle, { starts, head }: { starts: number[]; head: JournalHead }) {
    this.#file = file;
    this.#starts = starts;
    this.head = head;
  }

  /** @throws CannotRun when it is none. A last line that was cut off by a kill is left out: its change was never made. */
  static async open(path: string): Promise<JournalFile> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw new CannotRun(
        `The journal cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
    const starts = await findLines(file);
    const reader = new JournalFile(file, { starts, head: { journal: '', task: '', database: '', at: '' } });
    const head: unknown = starts.length > 1 ? JSON.parse(await reader.#line(0)) : undefined;
    if (typeof head !== 'object' || head === null || Reflect.get(head, 'journal') !== FORMAT) {
      await file.close();
      throw new CannotRun(`${path} is no journal of npm run data.`);
    }
    return new JournalFile(file, { starts, head: head as JournalHead });
  }

  get length(): number {
    return this.#starts.length - 2;
  }

  /** The last entry first. */
  async *backwards(): AsyncGenerator<JournalEntry> {
    for (let line = this.length; line >= 1; line -= 1) {
      yield EJSON.parse(await this.#line(line), { relaxed: false }) as JournalEntry;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #line(number: number): Promise<string> {
    const start = this.#starts[number] ?? 0;
    const length = (this.#starts[number + 1] ?? start) - start;
    const { buffer } = await this.#file.read(Buffer.alloc(length), 0, length, start);
    return buffer.toString('utf8');
  }
}

async function findLines(file: FileHandle): Promise<number[]> {
  const starts = [0];
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let offset = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) return starts;
    for (
      let at = chunk.indexOf(LINE_FEED);
      at !== -1 && at < bytesRead;
      at = chunk.indexOf(LINE_FEED, at + 1)
    ) {
      starts.push(offset + at + 1);
    }
    offset += bytesRead;
  }
}
