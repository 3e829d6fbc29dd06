import type {
  EntryView,
  HiddenChangeView,
  MessageView,
  ShownChangeView,
  UserId,
} from '../../../../contract/index.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import { displayEmoji } from '../views/index.js';
import type { ChangeRequest } from './change.js';

/** Returns a change with its message as the viewer sees it. Of a message that they do not see, there is `toHiddenChange`. */
export function toChangeView(change: ChangeRecord, message: MessageView): ShownChangeView {
  const { conversationId, rev, kind, seq, by, at } = change;
  const view = { conversationId, rev, kind, seq, userId: by, at: at.toISOString(), message };
  if (change.kind === 'pin') return { ...view, on: change.what.on };
  if (change.kind !== 'reaction') return view;
  const { emoji, on } = change.what;
  return { ...view, ...(emoji !== undefined && { emoji: displayEmoji(emoji) }), on };
}

/** Returns the placeholder of a change that the viewer may not see: its `rev` only. */
export const toHiddenChange = ({
  conversationId,
  rev,
}: Pick<ChangeRecord, 'conversationId' | 'rev'>): HiddenChangeView => ({
  conversationId,
  rev,
  kind: 'hidden',
});

/** Returns the answer to a request that changed nothing. `rev` is the end of the change log; 0 if it is empty. */
export const toUnchangedView = (
  message: EntryView,
  { rev, by, request, at }: { rev: number; by: UserId; request: ChangeRequest; at: Date },
): ShownChangeView => ({
  conversationId: message.conversationId,
  rev,
  kind: request.kind,
  seq: message.seq,
  userId: by,
  at: at.toISOString(),
  message,
  ...('emoji' in request && { emoji: request.emoji }),
  ...('on' in request && { on: request.on }),
});
