import type { ConversationId } from '../../../../contract/index.js';
import type { ChangeModel } from '../../models/changeModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import { firstIdAt, timeOfId } from '../../models/objectIds.js';
import type { Logger } from '../../utils/logger.js';
import { OVERLAP_MS } from '../derived/index.js';
import type { ChangeLog } from './changeLog.js';

interface RecoveryDeps {
  changes: Pick<ChangeModel, 'findRevsSince'>;
  conversations: Pick<ConversationModel, 'findByIds'>;
  changeLog: Pick<ChangeLog, 'catchUp'>;
  logger: Logger;
}

/** Conversations read by one query. */
const CONVERSATIONS_PER_QUERY = 100;

/**
 * Applies the changes that a dead process stored and may not have applied.
 *
 * @param flushedThrough last report of the dead process: the hex id below which all its changes were applied.
 */
export async function recoverChanges(deps: RecoveryDeps, flushedThrough: string): Promise<void> {
  const revs = await deps.changes.findRevsSince(firstIdAt(timeOfId(flushedThrough) - OVERLAP_MS));
  const ids = [...revs.keys()].sort();
  let behind = 0;
  for (let from = 0; from < ids.length; from += CONVERSATIONS_PER_QUERY) {
    const records = await deps.conversations.findByIds(ids.slice(from, from + CONVERSATIONS_PER_QUERY));
    const staleIds: ConversationId[] = records
      .filter(({ _id, rev }) => rev < (revs.get(_id) ?? 0))
      .map(({ _id }) => _id);
    await Promise.all(staleIds.map((id) => deps.changeLog.catchUp(id)));
    behind += staleIds.length;
  }
  if (behind > 0) deps.logger.info({ conversations: behind }, 'recovered changes of messages');
}
