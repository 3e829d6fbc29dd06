import {
  findDuplicatePairs,
  passCount,
  type Duplicates,
} from '../../../backend/src/models/verify/duplicatePairs.js';
import { TASK, type Remedy } from '../../../backend/src/models/verify/remedy.js';
import { findPlaceless, placelessRemedy } from '../../../backend/src/models/verify/placeless.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';

export type { Duplicates } from '../../../backend/src/models/verify/duplicatePairs.js';

/** Yields every pair with more than one conversation in use. */
export async function* findDuplicates(context: TaskContext): AsyncGenerator<Duplicates> {
  const conversations = context.collection('conversations');
  const count = await conversations.estimatedDocumentCount();
  context.progress.total(count * 2 * passCount(count), 'looking for duplicates');
  yield* findDuplicatePairs(conversations, (looked) => {
    if (context.isStopping()) throw new Stopped();
    context.progress.advance(looked);
  });
}

/**
 * Returns the command that helps with duplicates. This is merging, unless a message has no `seq`: merging needs the
 * `seq` of every message, so the command that assigns it comes first.
 */
export async function helpWithDuplicates(context: TaskContext, { ids }: Duplicates): Promise<Remedy> {
  const collections = { messages: context.collection('messages'), members: context.collection('members') };
  const found = await context
    .collection('conversations')
    .find({ _id: { $in: ids } })
    .toArray();
  for (const conversation of found) {
    const placeless = await findPlaceless(collections, conversation);
    if (placeless.repairable + placeless.others.length > 0) return placelessRemedy(placeless);
  }
  return TASK.merge;
}
