import type { EntryView } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';

/** Placeholder for a log entry that the viewer may not see: its position only, so that `seq` has no gap. */
export const toHidden = ({
  conversationId,
  seq,
}: Pick<MessageRecord, 'conversationId' | 'seq'>): EntryView => ({
  kind: 'hidden',
  conversationId,
  seq,
});
