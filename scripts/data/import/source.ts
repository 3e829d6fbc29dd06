import { createReadStream, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import mongoose from 'mongoose';
import { readOwn } from '../../../backend/src/utils/readOwn.js';
import { ALLOW_EMPTY, describePlace, NothingThere, placeOf } from '../frame/database.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import type { ImportMapping } from './mapping.js';

/** A row of the old system and its location. `problem` is set when the row could not be parsed. */
export interface Row {
  at: string;
  row: unknown;
  problem?: string;
}

interface RowSource {
  collection?: string | undefined;
  file?: string | undefined;
}

/** Collections of the server. The import writes to them, so it cannot read from them. */
const OURS = new Set(['conversations', 'messages', 'members', 'users', 'aliases', 'receipts', 'changes']);

/** Reads the old system. Never writes to it. */
export class Source {
  readonly #context: TaskContext;
  readonly #mapping: ImportMapping;
  readonly #folder: string;
  #own: mongoose.Connection | undefined;

  constructor(context: TaskContext, mapping: ImportMapping, mappingPath: string) {
    this.#context = context;
    this.#mapping = mapping;
    this.#folder = dirname(mappingPath);
  }

  /** Yields every row of a source. @throws CannotRun; NothingThere when it is empty. */
  async *rows(rowSource: RowSource): AsyncGenerator<Row> {
    if (rowSource.file === undefined && rowSource.collection === undefined) return;
    let isEmpty = true;
    const rows =
      rowSource.file === undefined
        ? this.#documents(rowSource.collection ?? '')
        : this.#lines(resolve(this.#folder, rowSource.file));
    for await (const row of rows) {
      isEmpty = false;
      yield row;
    }
    if (isEmpty && !this.#context.allowEmpty) throw nothingIn(await this.#describe(rowSource));
  }

  /** Describes a source without user, password and options of the connection string. */
  async #describe({ collection, file }: RowSource): Promise<string> {
    if (file !== undefined) return `the file ${resolve(this.#folder, file)}`;
    return `the collection ${collection ?? ''} of ${describePlace(placeOf(await this.#database()))}`;
  }

  async close(): Promise<void> {
    await this.#own?.close();
  }

  async *#documents(name: string): AsyncGenerator<Row> {
    const database = await this.#database();
    if (database.name === this.#context.connection.name && OURS.has(name)) {
      throw new CannotRun(
        `The mapping names the collection ${name}, which the server uses itself in ${database.name}: rename the old collection first.`,
      );
    }
    const cursor = database.collection(name).find({}, { batchSize: 500, sort: { _id: 1 } });
    for await (const row of cursor) yield { at: `${name} ${String(row._id)}`, row };
  }

  async #database(): Promise<mongoose.Connection> {
    const { connection } = this.#context;
    const { mongo } = this.#mapping;
    if (mongo === undefined) return connection;
    if (mongo.uri === undefined) return connection.useDb(mongo.database, { useCache: true });
    this.#own ??= await mongoose
      .createConnection(mongo.uri, { dbName: mongo.database, serverSelectionTimeoutMS: 10_000 })
      .asPromise()
      .catch((error: unknown) => {
        throw new CannotRun(`The MongoDB of the old system cannot be reached: ${(error as Error).message}`);
      });
    return this.#own;
  }

  async *#lines(path: string): AsyncGenerator<Row> {
    if (!existsSync(path)) {
      if (this.#context.allowEmpty) return;
      throw nothingIn(`the file ${path}, which does not exist`);
    }
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      const at = `${path.slice(this.#folder.length + 1)}:${number}`;
      try {
        yield { at, row: JSON.parse(line) as unknown };
      } catch {
        yield { at, row: undefined, problem: 'is not JSON' };
      }
    }
  }
}

const nothingIn = (source: string): NothingThere =>
  new NothingThere(
    `There is nothing in ${source}. Is the mapping right? If this is intended, add ${ALLOW_EMPTY}.`,
  );

/** Keys of numbers in extended JSON. */
const NUMBERS = ['$numberInt', '$numberLong', '$numberDouble', '$numberDecimal'] as const;

/** Returns the value of a field. Ids, times and numbers in extended JSON are converted. */
export function readField(row: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  const found = readOwn(row, path.split('.'));
  const date = readOwn(found, ['$date']);
  if (date !== undefined) {
    const number = toNumber(date);
    // `$date` is always in milliseconds, even if the number is small.
    return typeof number === 'number' ? new Date(number) : number;
  }
  return toNumber(readOwn(found, ['$oid']) ?? found) ?? undefined;
}

/**
 * Converts a number of extended JSON, or a BSON number (`Long`, `Decimal128`) that a plain one cannot hold.
 * Returns any other value unchanged.
 */
function toNumber(value: unknown): unknown {
  if (value instanceof mongoose.mongo.Long || value instanceof mongoose.mongo.Decimal128) {
    return Number(value.toString());
  }
  const text = NUMBERS.map((name) => readOwn(value, [name])).find((one) => typeof one === 'string');
  return text === undefined ? value : Number(text);
}

/** Converts an id to a string. ObjectIds become hex strings. */
export function toId(value: unknown): string | undefined {
  if (value instanceof mongoose.Types.ObjectId) return value.toHexString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const long = value instanceof mongoose.mongo.Long ? value.toString() : readOwn(value, ['$numberLong']);
  const id = readOwn(value, ['$oid']) ?? long ?? readOwn(value, ['$numberInt']) ?? value;
  return typeof id === 'string' && id !== '' && id.length <= 300 ? id : undefined;
}
