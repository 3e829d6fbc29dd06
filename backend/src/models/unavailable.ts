import mongoose from 'mongoose';

const { mongo } = mongoose;

/**
 * Codes of a server that cannot execute a command now: shutting down, not primary, no node, time limit …
 * Code 1 (InternalError) is returned by a gateway whose own database is unreachable.
 */
const UNAVAILABLE_CODES = new Set([
  1, 6, 7, 50, 64, 89, 91, 112, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/** MongoDB error code WriteConflict. */
const WRITE_CONFLICT = 112;

/**
 * Returns the class of an SQLSTATE that a PostgreSQL-based server passes on as an error code: five characters of six
 * bits each, the first in the lowest bits (PostgreSQL's `MAKE_SQLSTATE`).
 */
function sqlStateClass(code: number): string | undefined {
  if (!Number.isInteger(code) || code < 1 << 18) return undefined;
  return [0, 6].map((shift) => String.fromCharCode(((code >> shift) & 0x3f) + 0x30)).join('');
}

/**
 * SQLSTATE classes of a server that cannot execute a command now: connection, resources, operator intervention, system
 * error.
 */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);
/** SQLSTATE class "transaction rollback": a deadlock or a serialization failure. */
const ROLLBACK_CLASS = '40';

/** True for the code of a write that lost against a concurrent one and may be repeated. */
export const isRaceCode = (code: unknown): boolean =>
  code === WRITE_CONFLICT || sqlStateClass(Number(code)) === ROLLBACK_CLASS;

const isUnavailableCode = (code: unknown): boolean =>
  UNAVAILABLE_CODES.has(Number(code)) ||
  isRaceCode(code) ||
  UNAVAILABLE_CLASSES.has(sqlStateClass(Number(code)) ?? '');

/** Node error codes of a connection that ends during a command; the driver passes them on unwrapped. */
const CONNECTION_CODES = new Set<unknown>([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
]);

/** Returns the underlying error of a bulk write. The driver wraps it, even when the connection was lost. */
const underlyingError = (error: unknown): unknown =>
  error instanceof mongo.MongoBulkWriteError && (error.errorResponse as unknown) instanceof Error
    ? error.errorResponse
    : error;

/** True when the database was unreachable or could not answer, so that a retry may succeed. */
export function isDatabaseUnavailable(thrown: unknown): boolean {
  const error = underlyingError(thrown);
  if (error instanceof mongo.MongoServerError) return isUnavailableCode(error.code);
  // All other driver errors concern the connection, the pool, or server selection; Mongoose's own errors report a
  // missing connection.
  return (
    (error instanceof mongo.MongoError && !(error instanceof mongo.MongoInvalidArgumentError)) ||
    error instanceof mongoose.Error.MongooseServerSelectionError ||
    (error instanceof Error && error.name === 'MongooseError') ||
    (error instanceof Error && 'code' in error && CONNECTION_CODES.has(error.code))
  );
}

/** Errors of a command that got no connection: its failure was caused by another command or by the network. */
const NEVER_SENT = new Set([
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoServerSelectionError',
  'MongoWaitQueueTimeoutError',
]);

/** True when the command was never sent, so that it cannot have caused the connection to fail. */
export function wasNeverSent(thrown: unknown): boolean {
  const error = underlyingError(thrown);
  return error instanceof Error && NEVER_SENT.has(error.name);
}
