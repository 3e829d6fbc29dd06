import { z } from 'zod';
import { list } from './configFields.js';
import { isAllowRule } from './outgoing/allowedHosts.js';

/** The machine itself: allowed outside production, where receivers are developed on it. */
const LOOPBACK = ['localhost', '127.0.0.0/8', '::1'];

/** Variables about requests that the server makes itself. */
export const outgoingEnvironment = {
  OUTGOING_ALLOW_PRIVATE: list
    .pipe(
      z.array(
        z
          .string()
          .toLowerCase()
          .refine(isAllowRule, 'must be host names, addresses or ranges such as 10.0.0.0/8, or none'),
      ),
    )
    .optional(),
} as const;

type OutgoingEnvironment = z.output<z.ZodObject<typeof outgoingEnvironment>>;

/** Returns the hosts and ranges that are allowed besides public ones; `none` for nothing. */
export function allowedPrivate(
  { OUTGOING_ALLOW_PRIVATE: rules }: OutgoingEnvironment,
  isProduction: boolean,
): string[] {
  if (rules === undefined) return isProduction ? [] : LOOPBACK;
  return rules.filter((rule) => rule !== 'none');
}
