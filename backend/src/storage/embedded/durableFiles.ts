import { randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
export const isMissingFile = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
export const isTaken = (error: unknown): boolean => codeOf(error) === 'EEXIST';

/** Makes a folder's entries durable: a renamed or linked file survives a crash of the machine. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Streams into a new file. The first stream's end or failure reaches all others. */
const receive = (streams: readonly [Readable, ...Transform[]], temporary: string): Promise<void> =>
  pipeline([...streams, createWriteStream(temporary, { flags: 'wx' })]);

/** Writes files so that each is there completely or not at all, also after a crash. */
export class DurableFiles {
  readonly #temporary: string;

  /** @param temporary folder on the same file system, for files that are being written. */
  constructor(temporary: string) {
    this.#temporary = temporary;
  }

  newTemporary = (): string => join(this.#temporary, randomBytes(12).toString('hex'));

  /** Streams into a file that does not exist yet. @throws EEXIST when it does. */
  async create(file: string, bytes: Readable, ...through: Transform[]): Promise<void> {
    await this.#place(file, (temporary) => receive([bytes, ...through], temporary), link);
  }

  /** Streams into a file, and replaces the one that was there. */
  async replace(file: string, bytes: Readable, ...through: Transform[]): Promise<void> {
    await this.#place(file, (temporary) => receive([bytes, ...through], temporary), rename);
  }

  /** Copies a file, and replaces the one that was there. Shares the blocks where the file system can. */
  async copy(from: string, to: string): Promise<void> {
    await this.#place(to, (temporary) => copyFile(from, temporary, constants.COPYFILE_FICLONE), rename);
  }

  /** Joins files in their order. */
  async join(files: readonly string[], to: string): Promise<void> {
    const append = async (temporary: string): Promise<void> => {
      for (const file of files) {
        await pipeline(createReadStream(file), createWriteStream(temporary, { flags: 'a' }));
      }
    };
    await this.#place(to, append, rename);
  }

  async #place(
    file: string,
    fill: (temporary: string) => Promise<void>,
    move: (from: string, to: string) => Promise<void>,
  ): Promise<void> {
    const temporary = this.newTemporary();
    try {
      await fill(temporary);
      const handle = await open(temporary, constants.O_RDWR);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      await mkdir(dirname(file), { recursive: true });
      await move(temporary, file);
      await syncFolder(dirname(file));
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
