import { announceChanges, type AnnounceParts } from './announce.js';
import { ChangeLog, type ChangeLogParts } from './changeLog.js';
import { ChangeReads } from './changeReads.js';
import { ChangeService, type ChangeServiceParts } from './changeService.js';

export { recoverChanges } from './recoverChanges.js';
export type { ChangeLog } from './changeLog.js';

export const createChangeLog = (
  parts: Omit<ChangeLogParts, 'onChanged'>,
  announced: AnnounceParts,
): ChangeLog => new ChangeLog({ ...parts, onChanged: (batch) => announceChanges(announced, batch) });

type ReadParts = ConstructorParameters<typeof ChangeReads>[0];

export function createChangeServices(parts: ChangeServiceParts & Omit<ReadParts, 'service'>) {
  const service = new ChangeService(parts);
  return { changes: service, changeReads: new ChangeReads({ ...parts, service }) };
}
