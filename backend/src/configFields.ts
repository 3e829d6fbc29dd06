import { z } from 'zod';

/** Schemas of values in the environment, which are text. */

/** Values separated by commas. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
/** Number of proxies in front of the server; `true` means one. */
export const proxies = z
  .string()
  .regex(/^(\d|true|false)$/, 'must be true, false, or the number of proxies (at most 9)')
  .transform((text) => (text === 'true' ? 1 : text === 'false' ? 0 : Number(text)));
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
