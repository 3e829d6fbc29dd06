import type { WebhookView } from '../../contract/index.js';
import type { AuditModel } from '../../backend/src/models/auditModel.js';
import type { WebhookService } from '../../backend/src/services/webhooks/index.js';
import { recordOperator } from '../keys/operatorAudit.js';
import type { WebhookTask } from './task.js';

/** Result of an action. `secret` is shown once. `webhook` is undefined where a dry run would make it. */
export type WebhookResult =
  | { kind: 'changed'; webhook: WebhookView | undefined; secret?: string }
  | { kind: 'removed'; id: string }
  | { kind: 'listed'; webhooks: WebhookView[] }
  | { kind: 'tested'; error: string | undefined };

interface Deps {
  service: WebhookService;
  audit: AuditModel;
}

type Change = Exclude<WebhookTask, { action: 'list' | 'test' }>;

/** Runs an action that changes something. @throws AppError. */
async function change(service: WebhookService, task: Change): Promise<WebhookResult> {
  switch (task.action) {
    case 'add':
      return { kind: 'changed', ...(await service.add({ url: task.url, events: task.events })) };
    case 'enable':
    case 'disable':
      return {
        kind: 'changed',
        webhook: await service.change(task.id, { enabled: task.action === 'enable' }),
      };
    case 'replay':
      return { kind: 'changed', webhook: await service.replay(task.id, task.from) };
    case 'rotate':
      return { kind: 'changed', ...(await service.rotate(task.id, task.overlapHours)) };
    case 'remove':
      await service.remove(task.id);
      return { kind: 'removed', id: task.id };
  }
}

/** Checks an action without changing anything. @throws AppError as the action would. */
async function preview(service: WebhookService, task: Change): Promise<WebhookResult> {
  if (task.action === 'add') {
    service.requireAllowed(task.url);
    return { kind: 'changed', webhook: undefined };
  }
  const webhook = (await service.list()).find(({ _id }) => _id === task.id);
  return task.action === 'remove' ? { kind: 'removed', id: task.id } : { kind: 'changed', webhook };
}

/** Runs an action on the webhooks of a database. @throws AppError `NOT_FOUND`, `FORBIDDEN`, `LIMIT_EXCEEDED`. */
export async function applyTask({ service, audit }: Deps, task: WebhookTask): Promise<WebhookResult> {
  if (task.action === 'list') return { kind: 'listed', webhooks: await service.list() };
  if (task.action !== 'add') await service.find(task.id);
  if (task.action === 'test') {
    const result = await service.test(task.id);
    return { kind: 'tested', error: result.kind === 'accepted' ? undefined : result.error };
  }
  if (task.dryRun) return preview(service, task);
  const targets = task.action === 'add' ? {} : { webhookId: task.id };
  return recordOperator(audit, { action: `webhooks ${task.action}`, targets }, () => change(service, task));
}
