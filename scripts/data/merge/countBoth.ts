import type { Counts } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { collectionsOf, FROM_PRIMARY, type Merge, type ObjectId } from './stored.js';

/**
 * Counts the messages of users in the conversations of a merge, before and after it.
 * Called when the old logs are sealed but not emptied yet, and before a new target is opened.
 */
export async function countBoth(context: TaskContext, merge: Merge): Promise<Counts> {
  const { messages, moved } = collectionsOf(context);
  const count = (conversationId: ObjectId): Promise<number> =>
    messages.countDocuments(
      { conversationId, seq: { $gt: 0 }, controlSeq: { $exists: false }, moved: { $exists: false } },
      FROM_PRIMARY,
    );
  const [after = 0, ...sources] = await Promise.all([merge._id, ...merge.sources].map(count));
  const inSources = sources.reduce((sum, one) => sum + one, 0);
  if (!merge.isSurvivor) return { messagesBefore: inSources, messagesAfter: after };
  // The sources were empty, unless a message was written there just before the seal.
  const copied =
    inSources === 0
      ? 0
      : await moved.countDocuments(
          { conversationId: { $in: merge.sources }, into: merge._id, seq: { $gte: 1 } },
          FROM_PRIMARY,
        );
  return { messagesBefore: after - copied + inSources, messagesAfter: after };
}
