import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { openEmbeddedDatabase } from '../tools/embedded-database/index.js';
import { findProcessesNaming, isRunning } from './processes.js';

const NAME_PREFIX = `parley-bench-${process.pid}-`;

interface StoredMessage {
  conversationId: mongoose.Types.ObjectId;
  seq: number;
  clientMessageId: string;
}

/** Direct access to the database for checks, without the server. */
export interface Database {
  readonly uri: string;
  /** Process ids of the database, as far as known. */
  readonly pids: readonly number[];
  /** Returns the name of a new, empty database for one server. */
  newName: () => string;
  /** Returns (seq, clientMessageId) of a conversation, ordered by `seq`. */
  listMessages: (name: string, conversationId: string) => Promise<[seq: number, clientMessageId: string][]>;
  /** Returns `lastSeq` of the stored summaries, which are written after the messages. */
  listLastSeqs: (name: string) => Promise<Map<string, number>>;
  countConversations: (name: string, users: readonly [string, string]) => Promise<number>;
  drop: (name: string) => Promise<void>;
  close: () => Promise<void>;
}

const STOP_TIMEOUT_MS = 30_000;

/** Waits for the database processes: the folder can be removed only after they have ended. */
async function waitUntilEnded(pids: readonly number[]): Promise<void> {
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
  while (pids.some(isRunning) && performance.now() < giveUpAt) await sleep(100);
  for (const pid of pids.filter(isRunning)) console.error(`process ${pid} of the database is still running`);
}

/** Placeholder for targets that store nothing. */
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
  // Without user, password and options, which are secret.
  const hosts = client.options.hosts.map(String).join(',');
  const where = operators.uri === undefined ? `${folder} (embedded)` : `mongodb://${hosts}`;
  console.error(`databases ${NAME_PREFIX}* at ${where}: created empty and dropped afterwards`);
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
