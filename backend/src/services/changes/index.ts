import { announceChanges, type AnnounceDeps } from './announceChanges.js';
import { ChangeLog, type ChangeLogDeps } from './changeLog.js';
import { ChangeReads } from './changeReads.js';
import { ChangeService, type ChangeServiceDeps } from './changeService.js';

export { recoverChanges } from './recoverChanges.js';
export type { ChangeLog } from './changeLog.js';

export const createChangeLog = (deps: Omit<ChangeLogDeps, 'onChanged'>, announced: AnnounceDeps): ChangeLog =>
  new ChangeLog({ ...deps, onChanged: (batch, record) => announceChanges(announced, batch, record) });

type ReadDeps = ConstructorParameters<typeof ChangeReads>[0];

export function createChangeServices(deps: ChangeServiceDeps & Omit<ReadDeps, 'service'>) {
  const service = new ChangeService(deps);
  return { changes: service, changeReads: new ChangeReads({ ...deps, service }) };
}

export type { ChangeWindows } from './authorizeChange.js';
export { ChangeService, type MessageRef } from './changeService.js';
