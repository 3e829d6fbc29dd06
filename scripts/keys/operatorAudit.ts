import { hostname, userInfo } from 'node:os';
import type { AuditModel, AuditRecord } from '../../backend/src/models/auditModel.js';

/** Name of the account that runs the command. A container may run under a number without an account. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/**
 * Records what an operator does at the command line: before the act, and its outcome after it.
 *
 * @throws the error of the act, or of the database: then nothing was done.
 */
export async function recordOperator<Result>(
  audit: AuditModel,
  { action, targets }: Pick<AuditRecord, 'action' | 'targets'>,
  work: () => Promise<Result>,
): Promise<Result> {
  const _id = audit.newId();
  const actor = { kind: 'operator' as const, id: accountName() };
  await audit.append([{ _id, at: new Date(), actor, action, from: hostname(), targets }]);
  try {
    const result = await work();
    await audit.close([{ _id, outcome: 'OK', created: {} }]);
    return result;
  } catch (error) {
    await audit.close([{ _id, outcome: 'INTERNAL', created: {} }]);
    throw error;
  }
}
