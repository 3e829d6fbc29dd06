import { appendFile, open, stat, truncate, type FileHandle } from 'node:fs/promises';
import mongoose from 'mongoose';
import { z } from 'zod';
import type { Stored } from './stored.js';
import { CannotRun } from './taskErrors.js';

const { EJSON, serialize, deserialize } = mongoose.mongo.BSON;

export const JOURNAL_FORMAT = 'parley-journal/2';
/** Journals of format 1 have no end line, and their head has no options. */
const FORMATS = ['parley-journal/1', JOURNAL_FORMAT] as const;
/** Last line of a run that was not stopped or killed. */
export const END_LINE = '{"kind":"end"}\n';

const headSchema = z.object({
  journal: z.enum(FORMATS),
  task: z.string(),
  database: z.string(),
  at: z.string(),
  /** Options of the task. A run that continues an interrupted one has equal options. */
  options: z.record(z.string(), z.unknown()).optional(),
});

/** The first line of a journal. */
export type JournalHead = z.infer<typeof headSchema>;

/** One parsed line. `line` counts from 1 and includes the head, as editors count. */
export interface JournalLine {
  line: number;
  value: Stored;
}

const CHUNK_BYTES = 1 << 16;
const MAX_HEAD_BYTES = 1 << 18;
const LINE_FEED = 10;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads a journal in constant memory, also backwards. */
export class JournalFile {
  readonly #file: FileHandle;
  /** Byte offset of each complete line, then the offset after the last complete line. */
  readonly #starts: number[];
  /** Size of the file in bytes when it was opened. */
  #size = 0;

  private constructor(
    readonly path: string,
    file: FileHandle,
    starts: number[],
  ) {
    this.#file = file;
    this.#starts = starts;
  }

  head: JournalHead = { journal: JOURNAL_FORMAT, task: '', database: '', at: '' };
  /** True when the run completed. */
  isEnded = false;

  /**
   * Opens a journal. A last line without a line feed is ignored: the run was killed while writing it, so its change was
   * never made.
   *
   * @throws CannotRun when the file cannot be read or is not a journal.
   */
  static async open(path: string): Promise<JournalFile> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw new CannotRun(`The journal cannot be read: ${messageOf(error)}.`);
    }
    try {
      // The head is checked before the file is scanned: a file that is not a journal may be huge.
      const head = await readHead(file, path);
      const journal = new JournalFile(path, file, await findLines(file));
      journal.#size = (await file.stat()).size;
      journal.head = head;
      journal.isEnded = (await journal.#line(journal.#lines - 1)) === END_LINE;
      return journal;
    } catch (error) {
      await file.close();
      throw error instanceof CannotRun
        ? error
        : new CannotRun(`${path} cannot be read: ${messageOf(error)}.`);
    }
  }

  /** Number of entries, without the head and the end line. */
  get length(): number {
    return this.#lines - 1 - (this.isEnded ? 1 : 0);
  }

  /**
   * Removes an incomplete last line and appends the end line. Does nothing when the file has grown since: its run is
   * still active.
   */
  async end(): Promise<void> {
    const end = this.#starts.at(-1) ?? 0;
    if ((await stat(this.path)).size !== this.#size) return;
    await truncate(this.path, end);
    await appendFile(this.path, END_LINE);
  }

  /** Yields the entries from last to first. @throws CannotRun with the number of a line that is not extended JSON. */
  async *backwards(): AsyncGenerator<JournalLine> {
    for (let index = this.length; index >= 1; index -= 1) {
      const line = index + 1;
      try {
        yield { line, value: fromLine(await this.#line(index)) };
      } catch (error) {
        if (error instanceof SyntaxError || error instanceof mongoose.mongo.BSON.BSONError) {
          throw new CannotRun(
            `Line ${line} of the journal ${this.path} cannot be read (${error.message}). Nothing was undone.`,
          );
        }
        throw error;
      }
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #lines(): number {
    return this.#starts.length - 1;
  }

  async #line(number: number): Promise<string> {
    const start = this.#starts[number] ?? 0;
    const length = (this.#starts[number + 1] ?? start) - start;
    const { buffer } = await this.#file.read(Buffer.alloc(length), 0, length, start);
    return buffer.toString('utf8');
  }
}

/**
 * Parses extended JSON, which names the type of every number. The round trip through BSON yields the values that the
 * driver reads from a database (plain numbers, dates, ObjectIds), so that both compare with `===` and `canonical`.
 */
function fromLine(line: string): Stored {
  const value: unknown = EJSON.parse(line, { relaxed: false });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError('it is not an object');
  }
  return deserialize(serialize(value));
}

async function readHead(file: FileHandle, path: string): Promise<JournalHead> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEAD_BYTES), 0, MAX_HEAD_BYTES, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(LINE_FEED);
  try {
    return headSchema.parse(JSON.parse(buffer.toString('utf8', 0, Math.max(0, end))));
  } catch {
    throw new CannotRun(`${path} is not a journal of npm run data.`);
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
