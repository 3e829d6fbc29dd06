import { z } from 'zod';
import { createModels } from '../../../backend/src/models/index.js';
import { findDiffering, wantedIndexes } from '../../../backend/src/models/indexObstacles.js';
import { TASK } from '../../../backend/src/models/verify/remedy.js';
import { mayBeDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { droppedIndex, toDroppedIndex } from '../frame/droppedIndex.js';
import { indexesOf } from '../frame/entryKinds.js';
import type { JournalWriter } from '../frame/journal.js';
import { defineTask, type Finding, type Note, type Step, type Yielded } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import { addConversationValidation } from './addConversationValidation.js';
import { backfillParticipantsKey } from './backfillParticipantsKey.js';
import { cleanupDuplicateChats } from './cleanupDuplicateChats.js';
import { summariseMerges } from './summaries.js';
import { verifyMessageUserIntegrity } from './verifyMessageUserIntegrity.js';

const PAIR_INDEX = 'participantsKey_1';
/** Old writers can create duplicates during a round. The next round merges these. */
const MAX_ROUNDS = 20;
/**
 * Rounds without progress before giving up: the index was refused and nothing could be merged, so the rest is not
 * mergeable.
 */
const MAX_ROUNDS_WITHOUT_PROGRESS = 2;

/** Issues that the verification of a dry run omits: the steps before it would repair them. */
const REPAIRED = new Set<unknown>(['duplicate', 'missingKey', 'wrongKey', 'unfinishedMerge']);

/** Drops findings: the verification at the end reports what these tasks cannot repair. */
async function* withoutFindings(steps: AsyncIterable<Yielded>): AsyncGenerator<Step | Note> {
  for await (const one of steps) if (!('problem' in one)) yield one;
}

async function* repair(context: TaskContext): AsyncGenerator<Step | Note> {
  // Merging comes first: it leaves one conversation per pair, hence one holder per key.
  yield* withoutFindings(cleanupDuplicateChats.steps(context, {}));
  yield* withoutFindings(backfillParticipantsKey.steps(context, {}));
}

/** Returns the unique index on the pair's key. @throws when the schema no longer declares it. */
function pairIndexOf(context: TaskContext) {
  const { model } = createModels(context.connection).conversations;
  const wanted = wantedIndexes(model).find(({ name }) => name === PAIR_INDEX);
  if (wanted === undefined) throw new Error(`the schema declares no index ${PAIR_INDEX}`);
  return { model, wanted };
}

/** Creates the index. @returns the database's error when duplicates prevent it, otherwise undefined. */
async function makeIndex(context: TaskContext, journal: JournalWriter): Promise<Error | undefined> {
  const { model, wanted } = pairIndexOf(context);
  const conversations = context.collection('conversations');
  await model.createCollection();
  const existing = await indexesOf(context, 'conversations');
  const differing = findDiffering('conversations', wanted, existing);
  const old = existing.find(({ name }) => name === differing?.existing);
  if (old?.name !== undefined) {
    await journal.write([toDroppedIndex('conversations', old)]);
    await conversations.dropIndex(old.name);
  }
  await journal.write([{ kind: 'index', collection: 'conversations', name: PAIR_INDEX }]);
  try {
    await conversations.createIndex(wanted.fields, wanted.options, {});
    return undefined;
  } catch (error) {
    if (error instanceof Error && mayBeDuplicateKey(error)) return error;
    throw error;
  }
}

/** Returns the work needed on the index as a sentence; undefined when the index exists as declared. */
async function indexWork(context: TaskContext): Promise<string | undefined> {
  const existing = await indexesOf(context, 'conversations');
  const differing = findDiffering('conversations', pairIndexOf(context).wanted, existing);
  if (differing !== undefined) {
    return `drop the index ${differing.existing} of conversations, as ${differing.difference}, and create the unique index ${PAIR_INDEX}`;
  }
  const isThere = existing.some(({ name }) => name === PAIR_INDEX);
  return isThere ? undefined : `create the unique index ${PAIR_INDEX} of conversations`;
}

const UNMERGEABLE: Finding = {
  problem: `the unique index ${PAIR_INDEX} of conversations cannot be created: some duplicates cannot be merged yet; npm run data -- check-duplicates lists them with the commands that help`,
  details: { look: 'check-duplicates' },
  counts: { indexesRefused: 1 },
};

/** Runs rounds until the index exists. A dry run lists the steps of one round. */
async function* rounds(context: TaskContext): AsyncGenerator<Step | Note | Finding> {
  let refusal: Error | undefined;
  let roundsWithoutProgress = 0;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const state = { isDone: false, isRepaired: false };
    for await (const step of repair(context)) {
      if ('note' in step) {
        yield step;
        continue;
      }
      yield {
        ...step,
        ...(step.apply !== undefined && {
          apply: async (journal) => {
            state.isDone = true;
            state.isRepaired = true;
            return step.apply?.(journal);
          },
        }),
      };
    }
    const work = await indexWork(context);
    if (work !== undefined) {
      yield {
        lines: [work],
        counts: {},
        apply: async (journal) => {
          state.isDone = true;
          refusal = await makeIndex(context, journal);
          return refusal === undefined ? { indexesMade: 1 } : { extraRounds: 1 };
        },
      };
    }
    yield { note: true, counts: {} };
    // After the index was created, one more round merges duplicates made during its creation. Later ones are
    // impossible.
    if (!state.isDone) return;
    roundsWithoutProgress = refusal === undefined || state.isRepaired ? 0 : roundsWithoutProgress + 1;
    if (roundsWithoutProgress === MAX_ROUNDS_WITHOUT_PROGRESS) {
      yield UNMERGEABLE;
      return;
    }
  }
  throw new CannotRun(
    `Old writers create duplicates faster than they can be merged: stop them, and run this again.${
      refusal === undefined ? '' : ` (The index was refused: ${refusal.message}.)`
    }`,
  );
}

export const harden = defineTask({
  name: 'harden',
  summary: 'ensures one conversation per pair from now on: merge, backfill, unique index, verify',
  help:
    'Hardens a live system while old writers may still create duplicates: repeats merge and backfill until the unique\n' +
    'index exists, then verifies everything.',
  kind: 'change',
  entryKinds: [droppedIndex],
  schema: z.object({}),
  async *steps(context) {
    yield* rounds(context);
    for (const task of [addConversationValidation, verifyMessageUserIntegrity]) {
      for await (const one of task.steps(context, {})) {
        // In a dry run nothing has been repaired yet. These issues are already listed as steps.
        if (context.isTrial && 'problem' in one && wouldBeRepaired(one)) continue;
        yield one;
      }
    }
  },
  summarise: (outcome) => [
    ...summariseMerges(outcome),
    ...(addConversationValidation.summarise?.(outcome) ?? []),
  ],
});

/** True when one of the steps would repair the issue. False for a merge that needs another command first. */
const wouldBeRepaired = ({ details }: Finding): boolean =>
  REPAIRED.has(details?.['issue']) && [TASK.merge.task, TASK.key.task].includes(String(details?.['task']));
