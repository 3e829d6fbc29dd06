import { pino, type Logger } from 'pino';

export type { Logger };
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/**
 * Structured logs on standard output. They never hold tokens or message text; where one slips into a logged object,
 * it is struck out here as well.
 */
export function createLogger(options: { level: (typeof LOG_LEVELS)[number]; pretty: boolean }): Logger {
  return pino({
    level: options.level,
    base: null,
    redact: {
      paths: ['token', '*.token', 'authorization', '*.authorization', 'content', '*.content'],
      censor: '[hidden]',
    },
    ...(options.pretty && {
      transport: { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } },
    }),
  });
}
