import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LIMITS, scope, SCOPES, type Scope } from '../../contract/index.js';
import { checkArgument, UsageError } from '../commandLine.js';

export const USAGE = `Usage: npm run keys -- ACTION [options] [--json] [--allow-empty]

  create --name NAME --scopes ${SCOPES.join(',')}
                          makes an API key for the app's backend and prints it, once
  list                    prints all keys, without their secrets
  rotate ID [--overlap HOURS]
                          makes a key with the same name and scopes; the old one expires after the overlap (24 hours)
  revoke ID               refuses a key from now on, on every server process within a second
  audit [--limit N]       prints the newest entries of the audit log (${LIMITS.auditPageDefault}, at most ${LIMITS.auditPageMax})

The command uses the database of the server: MONGODB_URI, DATABASE_NAME or DATA_DIR, from the environment or .env. The
first line of the output names it. Exit codes: 0 done, 1 no such key, or the database is not reachable, 2 wrong usage, 4
the database holds nothing of Parley (--allow-empty continues).`;

interface Options {
  json: boolean;
  allowEmpty: boolean;
}

export type KeyTask = Options &
  (
    | { action: 'create'; name: string; scopes: Scope[] }
    | { action: 'list' }
    | { action: 'rotate'; id: string; overlapHours: number }
    | { action: 'revoke'; id: string }
    | { action: 'audit'; limit: number }
  );

/** Longest overlap of a rotation, in hours: a month. */
const MAX_OVERLAP_HOURS = 744;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const keyName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/);
const keyId = z.string().regex(/^[0-9a-f]{12}$/);
const scopeList = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((one) => one.trim()))])
  .pipe(z.array(scope).min(1));

const OPTIONS = {
  name: { type: 'string' },
  scopes: { type: 'string' },
  overlap: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
  'allow-empty': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** @throws UsageError, or the error of `parseArgs` for an unknown option. */
export function readTask(args: string[]): KeyTask | 'help' {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (values.help === true) return 'help';
  const [action, id, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('Name one action and at most one key.');
  const options = { json: values.json ?? false, allowEmpty: values['allow-empty'] ?? false };
  const requireId = (): string => checkArgument(keyId, id, 'Name the id of a key (npm run keys -- list).');
  switch (action) {
    case 'create':
      return {
        ...options,
        action,
        name: checkArgument(keyName, values.name, '--name: 1 to 64 letters, digits and _ . -'),
        scopes: checkArgument(scopeList, values.scopes, `--scopes: one or more of ${SCOPES.join(',')}`),
      };
    case 'list':
      return { ...options, action };
    case 'rotate':
      return {
        ...options,
        action,
        id: requireId(),
        overlapHours: checkArgument(
          whole(0, MAX_OVERLAP_HOURS),
          values.overlap ?? '24',
          `--overlap: 0 to ${MAX_OVERLAP_HOURS} hours`,
        ),
      };
    case 'revoke':
      return { ...options, action, id: requireId() };
    case 'audit':
      return {
        ...options,
        action,
        limit: checkArgument(
          whole(1, LIMITS.auditPageMax),
          values.limit ?? String(LIMITS.auditPageDefault),
          `--limit: 1 to ${LIMITS.auditPageMax}`,
        ),
      };
    case undefined:
    default:
      throw new UsageError('Name an action: create, list, rotate, revoke or audit.');
  }
}
