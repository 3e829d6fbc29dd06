import mongoose from 'mongoose';
import { requireMongoUri, type Config } from '../config.js';
import { MAX_QUERY_MS } from '../models/readLimits.js';
import { withDeadline } from '../utils/deadline.js';
import { guardDriver } from './driverGuard.js';

export interface Database {
  connection: mongoose.Connection;
  /** Whether the database answers now. */
  isReachable(): Promise<boolean>;
  close(): Promise<void>;
}

const SERVER_SELECTION_TIMEOUT_MS = 3_000;
/** A server that takes a connection and says nothing, or answers no heartbeat, counts as away after this long, in ms. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Time without data after which a connection counts as lost, in ms. */
const SOCKET_TIMEOUT_MS = 15_000;
/** Time limit for a ping, in ms. */
const PING_TIMEOUT_MS = 2_000;
/**
 * Minimum time between checks of a server, in ms. After a lost connection every command waits for the next check; the
 * driver's default of 500 ms would block all commands for half a second.
 */
const MIN_HEARTBEAT_INTERVAL_MS = 50;

/** Connects to the database at `MONGODB_URI`. @throws ConfigError when it is not set. */
export async function connectDatabase(
  config: Pick<Config, 'MONGODB_URI' | 'DATABASE_NAME'>,
): Promise<Database> {
  const connection = await connect(requireMongoUri(config), config.DATABASE_NAME);
  return {
    connection,
    isReachable: () => ping(connection),
    close: () => connection.close(),
  };
}

function connect(uri: string, dbName: string): Promise<mongoose.Connection> {
  guardDriver();
  // Client input is always parsed before it reaches a filter. As a second line of defence, `sanitizeFilter` treats
  // operators in a filter as values.
  mongoose.set('sanitizeFilter', true);
  mongoose.set('strictQuery', true);
  mongoose.set('maxTimeMS', MAX_QUERY_MS);
  return mongoose
    .createConnection(uri, {
      dbName,
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS,
      minHeartbeatFrequencyMS: MIN_HEARTBEAT_INTERVAL_MS,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      socketTimeoutMS: SOCKET_TIMEOUT_MS,
      maxPoolSize: 10,
      monitorCommands: true,
    })
    .asPromise();
}

async function ping(connection: mongoose.Connection): Promise<boolean> {
  // The driver's own limits do not end a command that the server accepted but never answers.
  const reply = await withDeadline(
    Promise.resolve(connection.db?.command({ ping: 1 })),
    PING_TIMEOUT_MS,
    () => new Error(`no answer within ${PING_TIMEOUT_MS} ms`),
  );
  return reply?.['ok'] === 1;
}
