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
  /** Events that carry the answer when the client gave no acknowledgement callback. */
  pair: { ok: Ok | undefined; error: Bad };
  /** Error codes of this command, in addition to those that any command may be answered with. */
  codes: readonly ErrorCode[];
  /** Rate limit that the command counts against. */
  bucket: BucketName;
  /** Why repeating the command is safe. */
  repeatSafe: string;
  summary: string;
}

/** Returns a row of the commands table, with its types inferred. */
export const command = <
  P extends z.ZodType,
  D extends z.ZodType,
  const Ok extends string,
  const Bad extends string,
>(
  row: CommandRow<P, D, Ok, Bad>,
): CommandRow<P, D, Ok, Bad> => row;
