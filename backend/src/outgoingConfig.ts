import { z } from 'zod';
import { httpUrl, list, wholeNumber } from './configFields.js';
import { isAllowRule } from './outgoing/allowedHosts.js';
import { isWebhookSecret } from './utils/webhookSignature.js';

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
  MODERATION_URL: httpUrl.optional(),
  MODERATION_SECRET: z
    .string()
    .refine(isWebhookSecret, 'must be whsec_ and 24 to 64 random bytes in base64')
    .optional(),
  MODERATION_TIMEOUT_MS: wholeNumber(10, 5_000).default(1_000),
  MODERATION_FALLBACK: z.enum(['allow', 'reject'], { error: 'must be allow or reject' }).default('allow'),
  WEBHOOK_RETRY_MS: wholeNumber(10, 600_000).default(5_000),
  WEBHOOK_GIVE_UP_MS: wholeNumber(0, 2_592_000_000).default(259_200_000),
} as const;

export type OutgoingEnvironment = z.output<z.ZodObject<typeof outgoingEnvironment>>;

/** Returns a sentence about variables that do not fit each other; undefined when all do. */
export const outgoingProblem = ({
  MODERATION_URL,
  MODERATION_SECRET,
}: OutgoingEnvironment): string | undefined =>
  MODERATION_URL !== undefined && MODERATION_SECRET === undefined
    ? 'MODERATION_SECRET is needed for MODERATION_URL: it signs the questions.'
    : undefined;

/** Returns the hosts and ranges that are allowed besides public ones; `none` for nothing. */
export function allowedPrivate(
  { OUTGOING_ALLOW_PRIVATE: rules }: Pick<OutgoingEnvironment, 'OUTGOING_ALLOW_PRIVATE'>,
  isProduction: boolean,
): string[] {
  if (rules === undefined) return isProduction ? [] : LOOPBACK;
  return rules.filter((rule) => rule !== 'none');
}
