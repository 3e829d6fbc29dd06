import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { openEmbeddedDatabase } from '../backend/src/database/embedded/index.js';
import { findProcessesNaming, isRunning } from './processes.js';

const NAME_PREFIX = `parley-bench-${process.pid}-`;

interface StoredMessage {
  conversationId: mongoose.Types.ObjectId;
  seq: number;
  clientMessageId: string;
}

/** What the checks read, past the server. */
export interface Database {
  readonly uri: string;
  /** Its processes, as far as they are known. */
  readonly pids: readonly number[];
  /** A new, empty database's name, for one server. */
  newName: () => string;
  /** (seq, clientMessageId) of a conversation in the order of `seq`. */
  listMessages: (name: string, conversationId: string) => Promise<[seq: number, clientMessageId: string][]>;
  /** What conversations say of themselves: written behind the messages. */
  listLastSeqs: (name: string) => Promise<Map<string, number>>;
  countConversations: (name: string, users: readonly [string, string]) => Promise<number>;
  drop: (name: string) => Promise<void>;
  close: () => Promise<void>;
}

const STOP_TIMEOUT_MS = 30_000;

/** The folder can only go when nobody writes into it any more. */
async function waitUntilEnded(pids: readonly number[]): Promise<void> {
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
  while (pids.some(isRunning) && performance.now() < giveUpAt) await sleep(100);
  for (const pid of pids.filter(isRunning)) console.error(`process ${pid} of the database is still there`);
}

/** What the relay is given: it stores nothing, so there is nothing to open. */
export const NO_DATABASE: Database = {
  uri: '',
  pids: [],
  newName: () => `${NAME_PREFIX}relay`,
  listMessages: () => Promise.resolve([]),
  listLastSeqs: () => Promise.resolve(new Map<string, number>()),
  countConversations: () => Promise.resolve(0),
  drop: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Opens the operator's database, or an embedded, durable one in `folder`. */
export async function openDatabase(
  folder: string,
  operators: { uri: string | undefined; pids: readonly number[] },
): Promise<Database> {
  const embedded =
    operators.uri === undefined
      ? await openEmbeddedDatabase({ dataDir: folder, durable: true, lingerMs: 0 })
      : undefined;
  const uri = operators.uri ?? embedded?.uri ?? '';
  const pids = embedded === undefined ? operators.pids : findProcessesNaming(folder);
  const client = new mongoose.mongo.MongoClient(uri);
  let databases = 0;
  return {
    uri,
    pids,
    newName: () => `${NAME_PREFIX}${databases++}`,
    listMessages: async (name, conversationId) => {
      const messages = client.db(name).collection<StoredMessage>('messages');
      const found = await messages
        .find({ conversationId: mongoose.Types.ObjectId.createFromHexString(conversationId) })
        .project<Pick<StoredMessage, 'seq' | 'clientMessageId'>>({ _id: 0, seq: 1, clientMessageId: 1 })
        .sort({ seq: 1 })
        .hint({ conversationId: 1, seq: 1 })
        .batchSize(10_000)
        .toArray();
      return found.map(({ seq, clientMessageId }) => [seq, clientMessageId]);
    },
    listLastSeqs: async (name) => {
      const found = await client
        .db(name)
        .collection('conversations')
        .find()
        .project<{ _id: mongoose.Types.ObjectId; lastSeq: number }>({ lastSeq: 1 })
        .toArray();
      return new Map(found.map(({ _id, lastSeq }) => [_id.toHexString(), lastSeq]));
    },
    countConversations: (name, users) =>
      client
        .db(name)
        .collection('conversations')
        .countDocuments({ participants: { $all: [...users] } }),
    drop: async (name) => {
      await client.db(name).dropDatabase();
    },
    close: async () => {
      await client.close();
      await embedded?.release();
      if (embedded !== undefined) await waitUntilEnded(pids);
    },
  };
}
