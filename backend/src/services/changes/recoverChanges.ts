import type { ConversationId } from '../../../../contract/index.js';
import type { ChangeModel } from '../../models/changeModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import { firstIdAt, timeOfId } from '../../models/objectIds.js';
import type { Logger } from '../../utils/logger.js';
import { OVERLAP_MS } from '../derived/recovery.js';
import type { ChangeLog } from './changeLog.js';

interface RecoveryParts {
  changes: Pick<ChangeModel, 'findRevsSince'>;
  conversations: Pick<ConversationModel, 'findByIds'>;
  changeLog: Pick<ChangeLog, 'catchUp'>;
  logger: Logger;
}

const CONVERSATIONS_TOGETHER = 100;

/**
 * Applies the changes that a dead process stored and may not have applied.
 *
 * @param flushedThrough the dead process's last word: hex id below which everything was applied.
 */
export async function recoverChanges(parts: RecoveryParts, flushedThrough: string): Promise<void> {
  const revs = await parts.changes.findRevsSince(firstIdAt(timeOfId(flushedThrough) - OVERLAP_MS));
  const ids = [...revs.keys()].sort();
  let behind = 0;
  for (let from = 0; from < ids.length; from += CONVERSATIONS_TOGETHER) {
    const records = await parts.conversations.findByIds(ids.slice(from, from + CONVERSATIONS_TOGETHER));
    const owed: ConversationId[] = records
      .filter(({ _id, rev }) => rev < (revs.get(_id) ?? 0))
      .map(({ _id }) => _id);
    await Promise.all(owed.map((id) => parts.changeLog.catchUp(id)));
    behind += owed.length;
  }
  if (behind > 0) parts.logger.info({ conversations: behind }, 'changes of messages applied again');
}
