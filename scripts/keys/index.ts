import type { AuditRecord } from '../../backend/src/models/auditModel.js';
import { runCommandLine } from '../commandLine.js';
import { describeDatabase, openDatabase } from '../data/frame/database.js';
import { applyTask, type KeyResult, type ListedKey } from './apply.js';
import { readTask, USAGE, type KeyTask } from './task.js';

function describeKey({ _id, name, scopes, createdAt, expiresAt, revokedAt }: ListedKey): string {
  const state =
    revokedAt !== undefined
      ? `revoked ${revokedAt.toISOString()}`
      : expiresAt !== undefined
        ? `expires ${expiresAt.toISOString()}`
        : 'valid';
  return `${_id} ${name} (${scopes.join(',')}), created ${createdAt.toISOString()}, ${state}`;
}

function describeEntry({ at, actor, action, from, targets, outcome }: AuditRecord): string {
  const who = `${actor.kind} ${actor.name === undefined ? actor.id : `${actor.name} (${actor.id})`}`;
  return [at.toISOString(), who, from ?? '-', action, JSON.stringify(targets), outcome ?? 'unknown'].join(
    ' | ',
  );
}

function describeResult(result: KeyResult): string[] {
  switch (result.kind) {
    case 'created':
      return [
        `Key ${describeKey(result.key)}`,
        ...(result.replaced === undefined ? [] : [`Replaces ${describeKey(result.replaced)}`]),
        'Keep this text; it is not stored and not shown again:',
        result.secret,
      ];
    case 'listed':
      return result.keys.length === 0 ? ['There are no keys.'] : result.keys.map(describeKey);
    case 'revoked':
      return [`Key ${describeKey(result.key)}`];
    case 'audited':
      return result.entries.map(describeEntry);
    case 'missing':
      return [`There is no key ${result.id} in use.`];
  }
}

async function run(task: KeyTask): Promise<number> {
  const { database, facts } = await openDatabase(task);
  try {
    // A JSON report contains the database as a field; the operator sees it on standard error.
    (task.json ? console.error : console.log)(describeDatabase(facts));
    const result = await applyTask(database.connection, task);
    if (task.json) console.log(JSON.stringify({ database: facts, action: task.action, ...result }));
    else console.log(describeResult(result).join('\n'));
    return result.kind === 'missing' ? 1 : 0;
  } finally {
    await database.close();
  }
}

await runCommandLine({ usage: USAGE, readTask, run });
