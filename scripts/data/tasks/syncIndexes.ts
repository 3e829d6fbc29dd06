import { z } from 'zod';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { createModels } from '../../../backend/src/models/index.js';
import { mayBeDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { indexesOf } from '../frame/entryKinds.js';
import { CannotRun, defineTask, type Finding, type Step, type TaskContext } from '../frame/task.js';

type Model = ReturnType<typeof indexedModels>[number]['model'];

/** As the database names an index by its fields. */
const nameOf = (fields: object): string =>
  Object.entries(fields)
    .map(([field, direction]) => `${field}_${String(direction)}`)
    .join('_');

export const notUnique = (collection: string, name: string): string =>
  `The index ${name} of ${collection} is there, but is not unique: drop it, and run this again.`;

async function* indexSteps(context: TaskContext, model: Model): AsyncGenerator<Step | Finding> {
  const collection = model.collection.name;
  const there = await indexesOf(context, collection);
  for (const [fields, options] of model.schema.indexes()) {
    const name = nameOf(fields);
    const found = there.find((index) => index.name === name);
    if (found !== undefined) {
      if (options.unique === true && found.unique !== true) yield { problem: notUnique(collection, name) };
      continue;
    }
    yield {
      lines: [`${collection}: make the index ${name}${options.unique === true ? ' (unique)' : ''}`],
      counts: { indexesMade: 1 },
      apply: async (journal) => {
        await journal.write([{ kind: 'index', collection, name }]);
        await model.createCollection();
        const { background: _, ...rest } = options as Record<string, unknown>;
        try {
          await model.collection.createIndex(fields as Record<string, 1 | -1>, rest, {});
        } catch (error) {
          if (!(error instanceof Error && mayBeDuplicateKey(error))) throw error;
          throw new CannotRun(
            `The unique index ${name} of ${collection} was refused (${error.message}): duplicates stand in its way. check-duplicates shows them, harden merges them.`,
          );
        }
        return undefined;
      },
    };
  }
}

export const syncIndexes = defineTask({
  name: 'sync-indexes',
  summary: 'makes the indexes that are missing, and drops none',
  help: 'A unique one that old data stands in the way of is refused by the database: see harden.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const models = indexedModels(createModels(context.connection));
    context.progress.total(models.length, 'collections');
    for (const { model } of models) {
      yield* indexSteps(context, model);
      context.progress.advance();
    }
  },
});
