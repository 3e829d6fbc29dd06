import { z } from 'zod';
import { besideConversations, makeIndexes } from '../../../backend/src/database/indexes.js';
import { BY_MERGE } from '../../../backend/src/models/conversationDocument.js';
import { createModels } from '../../../backend/src/models/index.js';
import type { JournalWriter } from '../frame/journal.js';
import { sideBySide, type AppliedStep } from '../frame/sideBySide.js';
import { CannotRun, defineTask, type Step, type TaskContext } from '../frame/task.js';
import { beginMerge, findUnfinished, finishMerge } from '../merge/merge.js';
import { findTail, type Merge, type ObjectId } from '../merge/stored.js';
import { mergeKind } from '../merge/undoMerge.js';
import { findDuplicates, type Duplicates } from './duplicates.js';

/** Databases whose logs have been seen to, or are being. */
const indexed = new WeakMap<object, Promise<void>>();

/**
 * A log whose places are not unique cannot be merged safely: nor can one be written to by any server of today.
 *
 * @throws CannotRun when old data stands in the way.
 */
export function requireLogIndexes(context: TaskContext): Promise<void> {
  const { db = context.connection } = context.connection;
  const known = indexed.get(db);
  if (known !== undefined) return known;
  const made = makeLogIndexes(context);
  indexed.set(db, made);
  made.catch(() => indexed.delete(db));
  return made;
}

async function makeLogIndexes(context: TaskContext): Promise<void> {
  const models = besideConversations(createModels(context.connection));
  try {
    for (const { model } of models) await makeIndexes(model);
    // Of the conversations this one alone: without it each merge would go through all of them.
    await context.collection('conversations').createIndex(BY_MERGE, { sparse: true }, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotRun(`The unique indexes of the logs could not be made (${reason}). Nothing was changed.`);
  }
}

/** Messages without a place in their log are of no log: nobody could say where they belong. */
async function countPlaceless(context: TaskContext, ids: readonly ObjectId[]): Promise<number> {
  return context
    .collection('messages')
    .countDocuments({ conversationId: { $in: [...ids] }, seq: { $not: { $gte: 1 } } });
}

async function* stepsFor(
  context: TaskContext,
  found: Duplicates,
): AsyncGenerator<AppliedStep | { problem: string }> {
  const { ids, key } = found;
  const placeless = await countPlaceless(context, ids);
  if (placeless > 0) {
    yield { problem: `${key}: ${placeless} messages have no place (seq) in their log; not merged` };
    return;
  }
  const messages = context.collection('messages');
  const tails = await Promise.all(ids.map((id) => findTail(messages, id)));
  const described = ids.map((id, index) => `${String(id)} (${tails[index]?.seq ?? 0} entries)`).join(' and ');
  yield {
    lines: [`merge ${described}: one conversation for ${key}`],
    counts: { pairs: 1, conversationsMerged: ids.length },
    apply: async (journal: JournalWriter) => {
      await requireLogIndexes(context);
      const merge = await beginMerge(context, { ids, key, journal });
      return merge && finishMerge(context, merge);
    },
  };
}

const toFinish = (context: TaskContext, merge: Merge): Step => ({
  lines: [`finish the merge into ${String(merge._id)} for ${merge.key}, which was interrupted`],
  counts: { mergesFinished: 1 },
  apply: async (journal) => {
    await requireLogIndexes(context);
    await journal.write([{ kind: 'merge', into: merge._id, sources: merge.sources, key: merge.key }]);
    return finishMerge(context, merge);
  },
});

/** Every pair's conversations become one. Old ones that were half merged first. */
export async function* mergeSteps(context: TaskContext): AsyncGenerator<Step | { problem: string }> {
  const unfinished = await findUnfinished(context);
  for (const merge of unfinished) yield toFinish(context, merge);
  const busy = new Set(unfinished.map(({ key }) => key));
  yield* sideBySide(findDuplicates(context), async function* (found) {
    if (!busy.has(found.key)) yield* stepsFor(context, found);
  });
}

export const cleanupDuplicateChats = defineTask({
  name: 'cleanup-duplicate-chats',
  summary: 'merges several conversations of one pair into one',
  help:
    'The messages of all are interleaved by time into a new conversation; positions, settings, reactions and reports\n' +
    'follow. The old ids live on: whoever uses one is answered with the new conversation. Safe while people write.',
  kind: 'change',
  schema: z.object({}),
  entryKinds: [mergeKind],
  steps: (context) => mergeSteps(context),
});
