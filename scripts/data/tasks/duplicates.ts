import {
  findDuplicatePairs,
  partsOf,
  type Duplicates,
} from '../../../backend/src/models/verify/duplicatePairs.js';
import { Stopped, type TaskContext } from '../frame/task.js';

export type { Duplicates } from '../../../backend/src/models/verify/duplicatePairs.js';

/** Every pair with more than one conversation in use. */
export async function* findDuplicates(context: TaskContext): AsyncGenerator<Duplicates> {
  const conversations = context.collection('conversations');
  const count = await conversations.estimatedDocumentCount();
  context.progress.total(count * 2 * partsOf(count), 'looking for duplicates');
  yield* findDuplicatePairs(conversations, (looked) => {
    if (context.isStopping()) throw new Stopped();
    context.progress.advance(looked);
  });
}
