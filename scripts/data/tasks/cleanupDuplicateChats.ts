import { z } from 'zod';
import { besideConversations, makeIndexes } from '../../../backend/src/database/indexes.js';
import { BY_MERGE } from '../../../backend/src/models/conversationDocument.js';
import { createModels } from '../../../backend/src/models/index.js';
import { TASK } from '../../../backend/src/models/verify/remedy.js';
import type { JournalWriter } from '../frame/journal.js';
import { sideBySide, type AppliedStep } from '../frame/sideBySide.js';
import { defineTask, type Finding, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import { beginMerge, findUnfinished, finishMerge } from '../merge/merge.js';
import { findTail, type Merge } from '../merge/stored.js';
import { mergeKind } from '../merge/undoMerge.js';
import { findDuplicates, helpWithDuplicates, type Duplicates } from './duplicates.js';
import { describeHelp } from './help.js';
import { summariseMerges } from './summaries.js';

/** Creation of the log indexes per database; at most one runs at a time. */
const indexed = new WeakMap<object, Promise<void>>();

/**
 * Creates the unique indexes of the logs. Without unique `seq` a merge is not safe, and servers cannot write either.
 *
 * @throws CannotRun when stored data prevents an index.
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
    // The only index of `conversations` needed here: without it each merge would scan all conversations.
    await context.collection('conversations').createIndex(BY_MERGE, { sparse: true }, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotRun(
      `The unique indexes of the logs could not be created (${reason}). Nothing was changed.`,
    );
  }
}

async function* stepsFor(context: TaskContext, found: Duplicates): AsyncGenerator<AppliedStep | Finding> {
  const { ids, key } = found;
  const help = await helpWithDuplicates(context, found);
  if (help !== TASK.merge) {
    yield {
      problem: `${key}: messages without a seq in their log; not merged${describeHelp(help)}`,
      details: { participantsKey: key, conversationIds: ids.map(String), ...help },
      counts: { notMerged: 1 },
    };
    return;
  }
  const messages = context.collection('messages');
  const tails = await Promise.all(ids.map((id) => findTail(messages, id)));
  const described = ids.map((id, index) => `${String(id)} (${tails[index]?.seq ?? 0} entries)`).join(' and ');
  yield {
    lines: [`merge ${described} into one conversation for ${key}`],
    counts: { pairs: 1, conversationsMerged: ids.length },
    apply: async (journal: JournalWriter) => {
      await requireLogIndexes(context);
      const merge = await beginMerge(context, { ids, key, journal });
      return merge && finishMerge(context, merge);
    },
  };
}

const toFinish = (context: TaskContext, merge: Merge): Step => ({
  lines: [`complete the interrupted merge into ${String(merge._id)} for ${merge.key}`],
  counts: { mergesFinished: 1 },
  apply: async (journal) => {
    await requireLogIndexes(context);
    await journal.write([{ kind: 'merge', into: merge._id, sources: merge.sources, key: merge.key }]);
    return finishMerge(context, merge);
  },
});

/** Merges the conversations of every pair that has several. Interrupted merges are completed first. */
export async function* mergeSteps(context: TaskContext): AsyncGenerator<Step | Finding> {
  for (const merge of await findUnfinished(context)) yield toFinish(context, merge);
  // A trial run leaves these merges unfinished. In a real run they are done, and their pairs may have more duplicates.
  const busy = new Set((await findUnfinished(context)).map(({ key }) => key));
  yield* sideBySide(findDuplicates(context), async function* (found) {
    if (!busy.has(found.key)) yield* stepsFor(context, found);
  });
}

export const cleanupDuplicateChats = defineTask({
  name: 'cleanup-duplicate-chats',
  summary: 'merges several conversations of one pair into one',
  help:
    'All messages are interleaved by time in a new conversation. Positions, settings, reactions and reports are kept.\n' +
    'The old ids redirect to the new conversation. Safe while the server is running.',
  kind: 'change',
  schema: z.object({}),
  entryKinds: [mergeKind],
  steps: (context) => mergeSteps(context),
  summarise: summariseMerges,
});
