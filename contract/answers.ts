import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errors.js';

/** A path and the rule it breaks; never the value. */
export const errorDetail = z.object({ path: z.string(), rule: z.string() });
export type ErrorDetail = z.infer<typeof errorDetail>;

export const failure = z.object({
  success: z.literal(false),
  /** A sentence for a developer. */
  error: z.string(),
  code: z.enum(ERROR_CODES),
  details: z.array(errorDetail).optional(),
  /** There on answers about a message, so that the client knows which of its sends this is. */
  clientMessageId: z.string().optional(),
  retryAfterMs: z.int().optional(),
  /** Names the log line of an `INTERNAL` error. */
  requestId: z.string().optional(),
});
export type Failure = z.infer<typeof failure>;

export interface Success<Data> {
  success: true;
  data: Data;
}

/** What every command, HTTP call and event carries. */
export type Answer<Data> = Success<Data> | Failure;

export type { ErrorCode };
