import mongoose from 'mongoose';

const { mongo } = mongoose;

/**
 * Codes of a server that cannot take the command now: shutting down, not primary, no node, time limit …
 * Code 1 (InternalError) is what a gateway answers whose own database is away.
 */
const UNAVAILABLE_CODES = new Set([
  1, 6, 7, 50, 64, 89, 91, 112, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

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
  if (error instanceof mongo.MongoServerError) return UNAVAILABLE_CODES.has(Number(error.code));
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
