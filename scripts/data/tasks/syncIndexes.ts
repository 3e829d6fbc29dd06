import { Option } from 'commander';
import { z } from 'zod';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { describeObstacle } from '../../../backend/src/database/indexError.js';
import { createModels } from '../../../backend/src/models/index.js';
import {
  findDiffering,
  findRepeated,
  wantedIndexes,
  type WantedIndex,
} from '../../../backend/src/models/indexObstacles.js';
import { mayBeDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { droppedIndex, toDroppedIndex } from '../frame/droppedIndex.js';
import { indexesOf } from '../frame/entryKinds.js';
import type { JournalWriter } from '../frame/journal.js';
import { defineTask, type Finding, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';

type Model = ReturnType<typeof indexedModels>[number]['model'];

/** Maximum number of document groups listed for one index. */
const MAX_GROUPS = 100;

interface Indexing {
  context: TaskContext;
  model: Model;
  wanted: WantedIndex;
}

/** Returns a finding with the ids of documents that repeat unique values and the command that helps. */
async function findingOf({ context, model, wanted }: Indexing): Promise<Finding | undefined> {
  const { name: collection } = model.collection;
  const groups = await findRepeated(context.collection(collection), wanted, MAX_GROUPS);
  if (groups.length === 0) return undefined;
  const { name } = wanted;
  const ids = groups.map((group) => group.ids.map(String).join(' = ')).join('; ');
  const more = groups.length === MAX_GROUPS ? ' and more' : '';
  return {
    problem: `${describeObstacle({ kind: 'repeated', collection, name, groups: groups.length })} Documents: ${ids}${more}`,
    details: { collection, index: name, groups },
    counts: { indexesRefused: 1 },
  };
}

async function makeIndex({ context, model, wanted }: Indexing, journal: JournalWriter): Promise<void> {
  const { name: collection } = model.collection;
  await journal.write([{ kind: 'index', collection, name: wanted.name }]);
  await model.createCollection();
  try {
    await context.collection(collection).createIndex(wanted.fields, wanted.options, {});
  } catch (error) {
    if (!(error instanceof Error && mayBeDuplicateKey(error))) throw error;
    const obstacle = { kind: 'repeated', collection, name: wanted.name, groups: undefined } as const;
    throw new CannotRun(describeObstacle(obstacle));
  }
}

async function* indexSteps(
  context: TaskContext,
  model: Model,
  replaced: string | undefined,
): AsyncGenerator<Step | Finding> {
  const { name: collection } = model.collection;
  const existing = await indexesOf(context, collection);
  for (const wanted of wantedIndexes(model)) {
    const indexing = { context, model, wanted };
    const differing = findDiffering(collection, wanted, existing);
    const isReplaced = differing !== undefined && `${collection}.${differing.existing}` === replaced;
    if (differing !== undefined && !isReplaced) {
      yield { problem: describeObstacle(differing), counts: { indexesRefused: 1 } };
      continue;
    }
    if (differing === undefined && existing.some(({ name }) => name === wanted.name)) continue;
    const refusal = wanted.options.unique === true ? await findingOf(indexing) : undefined;
    if (refusal !== undefined) {
      yield refusal;
      continue;
    }
    const old = existing.find(({ name }) => name === differing?.existing);
    yield {
      lines: [
        ...(differing === undefined
          ? []
          : [`${collection}: drop the index ${differing.existing}, as ${differing.difference}`]),
        `${collection}: create the index ${wanted.name}${wanted.options.unique === true ? ' (unique)' : ''}`,
      ],
      counts: { indexesMade: 1 },
      apply: async (journal) => {
        if (old?.name !== undefined) {
          await journal.write([toDroppedIndex(collection, old)]);
          await context.collection(collection).dropIndex(old.name);
        }
        await makeIndex(indexing, journal);
        return undefined;
      },
    };
  }
}

export const syncIndexes = defineTask({
  name: 'sync-indexes',
  summary: 'creates missing indexes; drops only the index that --replace names',
  help: `If stored documents prevent an index, lists them with the command that repairs them, and creates the other indexes.
See docs/operations/an-index-cannot-be-made.md.`,
  kind: 'change',
  entryKinds: [droppedIndex],
  schema: z.object({ replace: z.string().optional() }),
  options: [
    new Option(
      '--replace <collection.index>',
      'an existing index with other options: it is dropped and created again',
    ),
  ],
  async *steps(context, { replace }) {
    const models = indexedModels(createModels(context.connection));
    if (
      replace !== undefined &&
      !models.some(({ model }) => replace.startsWith(`${model.collection.name}.`))
    ) {
      throw new CannotRun(`--replace: ${replace} names no collection of Parley: use collection.index.`);
    }
    context.progress.total(models.length, 'collections');
    for (const { model } of models) {
      yield* indexSteps(context, model, replace);
      context.progress.advance();
    }
  },
});
