import mongoose from 'mongoose';

const { mongo } = mongoose;

/**
 * Codes of a server that cannot take the command now: shutting down, not primary, no node, time limit …
 * Code 1 (InternalError) is what a gateway answers whose own database is away.
 */
const UNAVAILABLE_CODES = new Set([
  1, 6, 7, 50, 64, 89, 91, 112, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

const WRITE_CONFLICT = 112;

/**
 * The class of an SQLSTATE, where a PostgreSQL-based server hands one through as a code: five characters of six bits
 * each, the first in the lowest (PostgreSQL's own encoding, `MAKE_SQLSTATE`).
 */
function sqlStateClass(code: number): string | undefined {
  if (!Number.isInteger(code) || code < 1 << 18) return undefined;
  return [0, 6].map((shift) => String.fromCharCode(((code >> shift) & 0x3f) + 0x30)).join('');
}

/** SQLSTATE classes of a server that cannot take the command now: connection, resources, intervention, system. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);
/** "Transaction rollback": a deadlock or a serialization failure. */
const ROLLBACK_CLASS = '40';

/** True for a code of a write that lost against another one at the same moment: nothing is wrong with it. */
export const isRaceCode = (code: unknown): boolean =>
  code === WRITE_CONFLICT || sqlStateClass(Number(code)) === ROLLBACK_CLASS;

const isUnavailableCode = (code: unknown): boolean =>
  UNAVAILABLE_CODES.has(Number(code)) ||
  isRaceCode(code) ||
  UNAVAILABLE_CLASSES.has(sqlStateClass(Number(code)) ?? '');

/** A connection that ends under a command: the driver lets these of Node's errors through as they are. */
const CONNECTION_CODES = new Set<unknown>([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
]);

/** What a bulk or an `insertMany` really met: the driver wraps it, a lost connection included. */
const causeOf = (error: unknown): unknown =>
  error instanceof mongo.MongoBulkWriteError && (error.errorResponse as unknown) instanceof Error
    ? error.errorResponse
    : error;

/** True when the database could not be asked or could not answer, so that the same again may succeed. */
export function isDatabaseUnavailable(thrown: unknown): boolean {
  const error = causeOf(thrown);
  if (error instanceof mongo.MongoServerError) return isUnavailableCode(error.code);
  // Every other error of the driver is about the connection, the pool, or finding a server; Mongoose's own speak of
  // a connection that is not there.
  return (
    (error instanceof mongo.MongoError && !(error instanceof mongo.MongoInvalidArgumentError)) ||
    error instanceof mongoose.Error.MongooseServerSelectionError ||
    (error instanceof Error && error.name === 'MongooseError') ||
    (error instanceof Error && 'code' in error && CONNECTION_CODES.has(error.code))
  );
}

/** Errors of a command that found no connection: another command, or the network, is to blame. */
const NEVER_SENT = new Set([
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoServerSelectionError',
  'MongoWaitQueueTimeoutError',
]);

/** True when the command cannot be what made the connection fail: it never went out. */
export function wasNeverSent(thrown: unknown): boolean {
  const error = causeOf(thrown);
  return error instanceof Error && NEVER_SENT.has(error.name);
}
