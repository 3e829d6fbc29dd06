import type { WebhookView } from '../../contract/index.js';
import { createModels } from '../../backend/src/models/index.js';
import { OutgoingGuard } from '../../backend/src/outgoing/index.js';
import { WebhookService } from '../../backend/src/services/webhooks/index.js';
import { runCommandLine } from '../commandLine.js';
import { describeDatabase, openDatabase } from '../data/frame/database.js';
import { applyTask, type WebhookResult } from './apply.js';
import { readTask, USAGE, type WebhookTask } from './task.js';

function describeWebhook(webhook: WebhookView): string {
  const { _id, url, events, status, deliveredThrough, failingCount, failingSince, lastError } = webhook;
  const state = status === 'on' ? 'on' : `off (${status})`;
  const failing =
    failingCount === 0 ? '' : `, ${failingCount} failing since ${failingSince ?? '?'} (${lastError ?? '?'})`;
  return `${_id} ${url} (${events.join(',')}), ${state}, delivered through ${deliveredThrough}${failing}`;
}

function describeResult(result: WebhookResult, { dryRun, action }: WebhookTask): string[] {
  const prefix = dryRun && action !== 'list' && action !== 'test' ? `Would ${action}: ` : '';
  switch (result.kind) {
    case 'changed':
      return [
        `${prefix}${result.webhook === undefined ? 'a new webhook' : `Webhook ${describeWebhook(result.webhook)}`}`,
        ...(result.secret === undefined
          ? []
          : ['Keep this secret; it verifies the deliveries and is not shown again:', result.secret]),
      ];
    case 'removed':
      return [`${prefix}Webhook ${result.id}${dryRun ? '' : ' is removed'}.`];
    case 'listed':
      return result.webhooks.length === 0 ? ['There are no webhooks.'] : result.webhooks.map(describeWebhook);
    case 'tested':
      return [
        result.error === undefined
          ? 'The test event was accepted.'
          : `The test event was not accepted: ${result.error}.`,
      ];
  }
}

/** True where the server allows no private address: commands read the configuration as in development. */
const isStrict = (): boolean =>
  process.env['NODE_ENV'] === 'production' && (process.env['OUTGOING_ALLOW_PRIVATE'] ?? '') === '';

async function run(task: WebhookTask): Promise<number> {
  const { config, database, facts } = await openDatabase(task);
  const outgoing = new OutgoingGuard(isStrict() ? [] : config.OUTGOING_ALLOW_PRIVATE);
  try {
    // A JSON report contains the database as a field; the operator sees it on standard error.
    (task.json ? console.error : console.log)(describeDatabase(facts));
    const models = createModels(database.connection);
    const service = new WebhookService({ ...models, outgoing });
    const result = await applyTask({ service, audit: models.audit }, task);
    const { action, dryRun } = task;
    if (task.json) console.log(JSON.stringify({ database: facts, action, dryRun, ...result }));
    else console.log(describeResult(result, task).join('\n'));
    return result.kind === 'tested' && result.error !== undefined ? 1 : 0;
  } finally {
    await outgoing.close();
    await database.close();
  }
}

await runCommandLine({ usage: USAGE, readTask, run });
