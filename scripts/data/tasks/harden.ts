import { z } from 'zod';
import { createModels } from '../../../backend/src/models/index.js';
import { mayBeDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { indexesOf } from '../frame/entryKinds.js';
import {
  CannotRun,
  defineTask,
  type Note,
  type Step,
  type TaskContext,
  type Yielded,
} from '../frame/task.js';
import { addConversationValidation } from './addConversationValidation.js';
import { backfillParticipantsKey } from './backfillParticipantsKey.js';
import { cleanupDuplicateChats } from './cleanupDuplicateChats.js';
import { notUnique } from './syncIndexes.js';
import { verifyMessageUserIntegrity } from './verifyMessageUserIntegrity.js';

const PAIR_INDEX = 'participantsKey_1';
/** Old writers make duplicates meanwhile: each round leaves only what was made during it. */
const MAX_ROUNDS = 20;

/** Steps that change something; what a task cannot mend is said by the verification at the end. */
async function* only(steps: AsyncIterable<Yielded>): AsyncGenerator<Step> {
  for await (const one of steps) if ('lines' in one) yield one;
}

async function* mend(context: TaskContext): AsyncGenerator<Step> {
  // First the merging: what it leaves has one conversation for each pair, and so one holder of each key.
  yield* only(cleanupDuplicateChats.steps(context, {}));
  yield* only(backfillParticipantsKey.steps(context, {}));
}

/** Undefined once it stands; otherwise what the database said: there are duplicates again. */
async function makeIndex(context: TaskContext): Promise<Error | undefined> {
  const { model } = createModels(context.connection).conversations;
  try {
    await model.createCollection();
    await model.collection.createIndex({ participantsKey: 1 }, { unique: true, sparse: true }, {});
    return undefined;
  } catch (error) {
    if (error instanceof Error && mayBeDuplicateKey(error)) return error;
    throw error;
  }
}

/** @throws CannotRun where one of that name promises nothing. */
async function isIndexed(context: TaskContext): Promise<boolean> {
  const found = (await indexesOf(context, 'conversations')).find(({ name }) => name === PAIR_INDEX);
  if (found !== undefined && found.unique !== true) {
    throw new CannotRun(notUnique('conversations', PAIR_INDEX));
  }
  return found !== undefined;
}

/** In a dry run, and for the summary, every step is seen and none is done: one round shows everything. */
async function* rounds(context: TaskContext): AsyncGenerator<Step | Note> {
  let refusal: Error | undefined;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const state = { isDone: false };
    for await (const step of mend(context)) {
      yield {
        ...step,
        ...(step.apply !== undefined && {
          apply: async (journal) => {
            state.isDone = true;
            return step.apply?.(journal);
          },
        }),
      };
    }
    if (!(await isIndexed(context))) {
      yield {
        lines: [`make the unique index ${PAIR_INDEX} of conversations`],
        counts: {},
        apply: async (journal) => {
          state.isDone = true;
          await journal.write([{ kind: 'index', collection: 'conversations', name: PAIR_INDEX }]);
          refusal = await makeIndex(context);
          return refusal === undefined ? { indexesMade: 1 } : { roundsMore: 1 };
        },
      };
    }
    yield { note: true, counts: {} };
    // Once it stands, one more round finds what was made while it was being made; with it standing, nothing new can.
    if (!state.isDone) return;
  }
  throw new CannotRun(
    `Old writers make duplicates faster than they can be merged: stop them, and run it again.${
      refusal === undefined ? '' : ` (The index was refused: ${refusal.message}.)`
    }`,
  );
}

export const harden = defineTask({
  name: 'harden',
  summary: 'one conversation per pair, from now on: merge, backfill, unique index, verify',
  help:
    'The order in which a live system is hardened, while old writers may still make duplicates: round after round,\n' +
    'until the unique index stands; then everything is verified.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    yield* rounds(context);
    for (const task of [addConversationValidation, verifyMessageUserIntegrity]) {
      yield* task.steps(context, {});
    }
  },
});
