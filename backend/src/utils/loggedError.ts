/** Causes of causes that are logged. */
const MAX_DEPTH = 5;

/** An error as it is logged. */
interface LoggedError {
  type: string;
  message: string;
  stack?: string | undefined;
  /** Code of Node, of the database or of this server, and its name. */
  code?: unknown;
  codeName?: unknown;
  cause?: unknown;
  /** Errors that an `AggregateError` combines. */
  errors?: unknown[];
}

/**
 * Returns what is logged of an error: chosen fields only. The database driver attaches the operation that failed to its
 * errors, with the text of messages.
 */
export function toLoggedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? '[not an error]' : error;
  const { name, message, stack, cause } = error;
  const logged: LoggedError = { type: name, message, stack };
  if ('code' in error) logged.code = error.code;
  if ('codeName' in error) logged.codeName = error.codeName;
  if (depth < MAX_DEPTH) {
    if (cause !== undefined) logged.cause = toLoggedError(cause, depth + 1);
    if (error instanceof AggregateError)
      logged.errors = error.errors.map((one) => toLoggedError(one, depth + 1));
  }
  return logged;
}
