import { z } from 'zod';

/** A number in a path or query string: digits only, so that `1e3`, ` 7` or an array is refused. */
export const numeric = <T extends z.ZodType<number, number>>(schema: T) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema);
