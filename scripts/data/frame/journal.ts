import { mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import mongoose from 'mongoose';
import { CannotRun } from './taskErrors.js';
import type { JournalEntry } from './entryKinds.js';
import { isRunOpen } from './journalRuns.js';
import { END_LINE, JOURNAL_FORMAT, type JournalHead } from './journalFile.js';

const { EJSON } = mongoose.mongo.BSON;

export interface JournalWriter {
  /** Resolves when the entries are on disk. The database may be changed only after that. */
  write(entries: readonly JournalEntry[]): Promise<void>;
}

/**
 * File of the changes that are about to be made, one JSON object per line, readable by its owner only. It holds ids,
 * log positions and settings, but never message text: text that a user deletes for everyone must not survive in a file.
 */
export class Journal implements JournalWriter {
  #file: FileHandle | undefined;
  /** Serializes the writes of steps that run in parallel. */
  #written: Promise<void> = Promise.resolve();
  /** Number of entries written. */
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

  /**
   * Writes the end line, which marks a run that was not interrupted. `undo` treats a journal without it as part of a
   * longer run. A run without any change writes a journal only when it completes an interrupted run.
   */
  async finish(): Promise<void> {
    await this.#written;
    if (this.#file === undefined && !(await isRunOpen(this.path, this.head))) return;
    this.#file ??= await this.#create();
    await this.#file.appendFile(END_LINE);
    await this.#file.datasync();
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
      const head: JournalHead = { journal: JOURNAL_FORMAT, ...this.head, at: new Date().toISOString() };
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
