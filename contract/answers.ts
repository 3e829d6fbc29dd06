import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errors.js';

/** Path of a wrong field and the rule it breaks. Never contains the value. */
export const errorDetail = z.object({ path: z.string(), rule: z.string() });
export type ErrorDetail = z.infer<typeof errorDetail>;

export const failure = z.object({
  success: z.literal(false),
  /** Message for developers. */
  error: z.string(),
  code: z.enum(ERROR_CODES),
  details: z.array(errorDetail).optional(),
  /** Set in answers to `sendMessage`, so that the client can match the failure to its message. */
  clientMessageId: z.string().optional(),
  retryAfterMs: z.int().optional(),
  /** Identifies the log line of an `INTERNAL` error. */
  requestId: z.string().optional(),
});
export type Failure = z.infer<typeof failure>;

export interface Success<Data> {
  success: true;
  data: Data;
}

/** Answer to a command or an HTTP request. */
export type Answer<Data> = Success<Data> | Failure;

export type { ErrorCode };
