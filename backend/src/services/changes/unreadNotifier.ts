import type { UserId } from '../../../../contract/index.js';
import type { LoadedConversations } from '../views/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import type { Membership } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import { effectivePosition, toPositionFields, toPositionView } from '../positions/index.js';
import type { ViewerRules } from '../visibility/index.js';

export interface UnreadNotifierDeps {
  summaries: Pick<Summaries, 'overlay'>;
  viewerRules: Pick<ViewerRules, 'redactedCounts'>;
  time: DatabaseTime;
}

/**
 * Pushes the new unread count to each member who had not read a message that was deleted for everyone
 * (`message:status` with the member's own position). Members of large groups and channels get it by `sync`: nothing
 * is written or sent per member there.
 *
 * @param deleted.loaded the conversation as read after the deletion.
 * @param deleted.deletedSeq highest `seq` among the deleted messages.
 */
export async function notifyUnread(
  { summaries, viewerRules, time, publisher }: UnreadNotifierDeps & { publisher: Publisher },
  deleted: { membership: Membership; loaded: LoadedConversations; deletedSeq: number },
): Promise<void> {
  const { membership, loaded, deletedSeq } = deleted;
  const { conversationId, members } = membership;
  const stored = loaded.stored.find(({ _id }) => _id === conversationId);
  if (stored === undefined) return;
  const conversation = summaries.overlay(stored);
  const positions = loaded.positions.get(conversationId) ?? new Map<UserId, never>();
  const behind = [...members.keys()]
    .map((userId) => ({ userId, reached: effectivePosition(conversation, positions, userId) }))
    .filter(({ reached }) => reached.readSeq < deletedSeq);
  const at = time.now();
  await Promise.all(
    behind.map(async ({ userId, reached }) => {
      const counts = await viewerRules.redactedCounts.unread(userId, [{ conversation, reached }]);
      const unread = counts.get(conversationId) ?? 0;
      const fields = toPositionFields({ conversationId, userId, at }, reached, unread);
      // No position moves, so it names no message.
      const data = toPositionView(fields, { status: 'delivered' });
      publisher.toUsers([userId], { event: 'message:status', data });
    }),
  );
}
