import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { Ledger } from './ledger.js';
import { TEXT_PLACES, type ErasureParts } from './textPlaces.js';

export interface ApplyParts extends ErasureParts {
  changedMessages: Pick<ChangedMessages, 'apply' | 'setRev'>;
  reactions: Pick<ReactionModel, 'apply' | 'removeOf'>;
}

/**
 * Writes what changes made of messages, and says in the conversation how far that is done. May be done twice, late, or
 * by several processes: each aspect of a message takes only what is newer, and deletion is final. Who dies in between
 * leaves `rev` behind, and so the next one does it all again.
 */
export async function applyLedger(parts: ApplyParts, ledger: Ledger): Promise<void> {
  const { conversationId, rev, pinned, deleted } = ledger;
  await parts.reactions.apply(conversationId, ledger.reactionChanges());
  await parts.changedMessages.apply(conversationId, ledger.messageChanges());
  if (deleted.length > 0) for (const { erase } of TEXT_PLACES) await erase(parts, ledger);
  await parts.changedMessages.setRev(conversationId, { rev, pinned });
}
