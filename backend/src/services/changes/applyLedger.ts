import type { AttachmentId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { Ledger } from './ledger.js';
import { TEXT_LOCATIONS, type ErasureDeps } from './textLocations.js';

export interface ApplyDeps extends ErasureDeps {
  changedMessages: Pick<ChangedMessages, 'apply' | 'setRev' | 'findBySeqs'>;
  reactions: Pick<ReactionModel, 'apply' | 'removeByMessages'>;
  /** Puts uploaded files on the list of those to delete; safe to repeat. */
  markDeleting: (ids: readonly AttachmentId[]) => Promise<void>;
}

/**
 * Writes the state of changed messages, then `rev` in the conversation. Safe to repeat, late or on several processes:
 * text and reactions are only replaced by newer ones, and deletion is final. If a process dies in between, `rev` is
 * still old, and the next process applies the same changes again.
 *
 * @returns the conversation after the write; undefined when another process had applied the changes before.
 */
export async function applyLedger(deps: ApplyDeps, ledger: Ledger): Promise<ConversationRecord | undefined> {
  const { conversationId, rev, pinned, deleted, lastDeletedSeq } = ledger;
  const reactions = ledger.reactionChanges();
  if (ledger.deletedFiles.length > 0) await deps.markDeleting(ledger.deletedFiles);
  await deps.reactions.apply(conversationId, reactions);
  const isWritten = await deps.changedMessages.apply(conversationId, ledger.messageChanges());
  if (reactions.length > 0 && !isWritten) {
    // Another process may have applied a deletion before these reactions were written, and removed none of them.
    const seqs = [...new Set(reactions.map(({ seq }) => seq))];
    const found = await deps.changedMessages.findBySeqs(conversationId, seqs);
    const gone = found.filter(({ deletedAt }) => deletedAt !== undefined).map(({ seq }) => seq);
    if (gone.length > 0) await deps.reactions.removeByMessages(conversationId, gone);
  }
  if (deleted.length > 0) for (const { erase } of TEXT_LOCATIONS) await erase(deps, ledger);
  return deps.changedMessages.setRev(conversationId, { rev, pinned, lastDeletedSeq });
}
