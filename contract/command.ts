import type { z } from 'zod';
import type { BucketName } from './buckets.js';
import type { ErrorCode } from './errors.js';

interface CommandRow<
  Payload extends z.ZodType,
  Data extends z.ZodType,
  Ok extends string,
  Bad extends string,
> {
  payload: Payload;
  answer: Data;
  /** Where the answer goes when the client gave no acknowledgement. */
  pair: { ok: Ok | undefined; error: Bad };
  /** What may be answered besides the codes that any command may be answered with. */
  codes: readonly ErrorCode[];
  /** Which of the caller's rate limits it counts against. */
  bucket: BucketName;
  /** Why the same command twice does no harm. */
  repeatSafe: string;
  summary: string;
}

/** A row of the commands table: what a client may send, and what becomes of it. */
export const command = <
  P extends z.ZodType,
  D extends z.ZodType,
  const Ok extends string,
  const Bad extends string,
>(
  row: CommandRow<P, D, Ok, Bad>,
): CommandRow<P, D, Ok, Bad> => row;
