import { pino, type DestinationStream, type Logger } from 'pino';
import { toLoggedError } from './loggedError.js';

export type { Logger };
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface LoggerOptions {
  level: (typeof LOG_LEVELS)[number];
  pretty: boolean;
  /** Stream to write to instead of standard output. */
  destination?: DestinationStream;
}

/**
 * Creates a logger for structured logs on standard output. Code must not log tokens or message text; `redact` is a
 * second line of defence for the fields that could hold them.
 */
export function createLogger({ level, pretty, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: null,
    serializers: {
      err: (error: unknown) => toLoggedError(error),
      cause: (error: unknown) => toLoggedError(error),
    },
    redact: {
      paths: ['token', '*.token', 'authorization', '*.authorization', 'content', '*.content'],
      censor: '[hidden]',
    },
    ...(pretty && {
      transport: { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } },
    }),
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
