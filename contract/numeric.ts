import { z } from 'zod';

/** Number in a path or query string. Digits only: `1e3`, ` 7` and arrays are refused. */
export const numeric = <T extends z.ZodType<number, number>>(schema: T) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema);
