import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  addWebhookInput,
  LIMITS,
  webhookEvent,
  webhookId,
  WEBHOOK_EVENTS,
  type WebhookEventName,
} from '../../contract/index.js';
import { checkArgument, UsageError } from '../commandLine.js';

export const USAGE = `Usage: npm run webhooks -- ACTION [options] [--json] [--dry-run] [--allow-empty]

  add URL --events EVENT,…   registers a URL for events from now on and prints the secret of its signatures, once
  list                       prints all webhooks with their state
  test ID                    sends a test event now
  replay ID --from TIME      delivers everything again since a time (2026-01-31T12:00:00Z)
  enable ID                  switches on; what happened meanwhile is delivered first
  disable ID                 switches off
  rotate ID [--overlap HOURS]
                             makes a new secret; the old one signs as well for the overlap (24 hours)
  remove ID                  removes a webhook and what it has not received

Events: ${WEBHOOK_EVENTS.join(', ')}; all for every one of them.

Running servers learn of changes within a second. The command uses the database of the server: MONGODB_URI, DATABASE_NAME or
DATA_DIR, from the environment or .env. The first line of the output names it. Exit codes: 0 done, 1 refused, no such webhook,
a test event that was not accepted, or the database is not reachable, 2 wrong usage, 4 the database holds nothing of Parley
(--allow-empty continues).`;

interface Options {
  json: boolean;
  dryRun: boolean;
  allowEmpty: boolean;
}

export type WebhookTask = Options &
  (
    | { action: 'add'; url: string; events: WebhookEventName[] }
    | { action: 'list' }
    | { action: 'test'; id: string }
    | { action: 'enable' | 'disable' | 'remove'; id: string }
    | { action: 'replay'; id: string; from: Date }
    | { action: 'rotate'; id: string; overlapHours: number }
  );

const OPTIONS = {
  events: { type: 'string' },
  from: { type: 'string' },
  overlap: { type: 'string' },
  json: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  'allow-empty': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const hours = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .pipe(z.int().max(LIMITS.maxWebhookOverlapHours));
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const eventList = z
  .string()
  .transform((text) =>
    text === 'all' ? [...WEBHOOK_EVENTS] : [...new Set(text.split(',').map((one) => one.trim()))],
  )
  .pipe(z.array(webhookEvent).min(1));

/** @throws UsageError, or the error of `parseArgs` for an unknown option. */
export function readTask(args: string[]): WebhookTask | 'help' {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (values.help === true) return 'help';
  const [action, subject, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('Name one action and at most one webhook.');
  const options = {
    json: values.json ?? false,
    dryRun: values['dry-run'] ?? false,
    allowEmpty: values['allow-empty'] ?? false,
  };
  const requireId = (): string =>
    checkArgument(webhookId, subject, 'Name the id of a webhook (npm run webhooks -- list).');
  switch (action) {
    case 'add':
      return {
        ...options,
        action,
        url: checkArgument(addWebhookInput.shape.url, subject, 'Name the URL, without credentials.'),
        events: checkArgument(
          eventList,
          values.events,
          `--events: all, or some of ${WEBHOOK_EVENTS.join(',')}`,
        ),
      };
    case 'list':
      return { ...options, action };
    case 'test':
      return { ...options, action, id: requireId() };
    case 'enable':
    case 'disable':
    case 'remove':
      return { ...options, action, id: requireId() };
    case 'replay':
      return {
        ...options,
        action,
        id: requireId(),
        from: checkArgument(time, values.from, '--from: a time such as 2026-01-31T12:00:00Z'),
      };
    case 'rotate':
      return {
        ...options,
        action,
        id: requireId(),
        overlapHours: checkArgument(
          hours,
          values.overlap ?? '24',
          `--overlap: 0 to ${LIMITS.maxWebhookOverlapHours} hours`,
        ),
      };
    case undefined:
    default:
      throw new UsageError('Name an action: add, list, test, replay, enable, disable, rotate or remove.');
  }
}
