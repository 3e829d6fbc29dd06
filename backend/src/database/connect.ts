import mongoose from 'mongoose';
import type { Config } from '../config.js';
import { withDeadline } from '../utils/deadline.js';
import type { Logger } from '../utils/logger.js';
import { guardDriver } from './driverGuard.js';
import { openEmbeddedDatabase } from './embedded/index.js';

export interface Database {
  connection: mongoose.Connection;
  /** Whether the database answers now. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

/** A read that takes longer than this is given up by the database, in ms: nothing may scan for ever. */
const MAX_QUERY_MS = 10_000;
const SERVER_SELECTION_MS = 3_000;
/** A server that takes a connection and says nothing, or answers no heartbeat, counts as away after this long, in ms. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which nothing comes back for this long counts as lost, in ms. */
const SOCKET_TIMEOUT_MS = 15_000;
const PING_TIMEOUT_MS = 2_000;
/**
 * After a lost connection every command waits until the server has been looked at again; the driver's own 500 ms would
 * be half a second of silence for everybody.
 */
const LOOK_AGAIN_MS = 50;

/** Connects to the operator's database, or opens the embedded one of the data folder. */
export async function connectDatabase(
  config: Pick<Config, 'MONGODB_URI' | 'DATABASE_NAME' | 'DATA_DIR'>,
  logger: Logger,
): Promise<Database> {
  const embedded =
    config.MONGODB_URI === undefined
      ? await openEmbeddedDatabase({ dataDir: config.DATA_DIR, onProgress: (line) => logger.info(line) })
      : undefined;
  const uri = config.MONGODB_URI ?? embedded?.uri ?? '';
  try {
    const connection = await connect(uri, config.DATABASE_NAME);
    return {
      connection,
      answers: () => ping(connection),
      close: async () => {
        await connection.close();
        await embedded?.release();
      },
    };
  } catch (error) {
    await embedded?.release();
    throw error;
  }
}

function connect(uri: string, dbName: string): Promise<mongoose.Connection> {
  guardDriver();
  // A filter never comes from a client unparsed; should one slip through, operators in it are values.
  mongoose.set('sanitizeFilter', true);
  mongoose.set('strictQuery', true);
  mongoose.set('maxTimeMS', MAX_QUERY_MS);
  return mongoose
    .createConnection(uri, {
      dbName,
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      serverSelectionTimeoutMS: SERVER_SELECTION_MS,
      minHeartbeatFrequencyMS: LOOK_AGAIN_MS,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      socketTimeoutMS: SOCKET_TIMEOUT_MS,
      maxPoolSize: 10,
      monitorCommands: true,
    })
    .asPromise();
}

async function ping(connection: mongoose.Connection): Promise<boolean> {
  // The driver's own time limit does not end a command that was taken and is not answered.
  const reply = await withDeadline(
    Promise.resolve(connection.db?.command({ ping: 1 })),
    PING_TIMEOUT_MS,
    () => new Error(`no answer within ${PING_TIMEOUT_MS} ms`),
  );
  return reply?.['ok'] === 1;
}
