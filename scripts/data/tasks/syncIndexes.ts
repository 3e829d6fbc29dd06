import { z } from 'zod';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { createModels } from '../../../backend/src/models/index.js';
import { indexNames } from '../frame/entryKinds.js';
import { defineTask, type Finding, type Step, type TaskContext } from '../frame/task.js';

type Model = ReturnType<typeof indexedModels>[number]['model'];

/** As the database names an index by its fields. */
const nameOf = (fields: object): string =>
  Object.entries(fields)
    .map(([field, direction]) => `${field}_${String(direction)}`)
    .join('_');

/** @param only of the indexes of the collection: all where nothing is said. */
export async function* indexSteps(
  context: TaskContext,
  { model, only }: { model: Model; only?: string },
): AsyncGenerator<Step | Finding> {
  const collection = model.collection.name;
  const there = await indexNames(context, collection);
  for (const [fields, options] of model.schema.indexes()) {
    const name = nameOf(fields);
    if (there.includes(name) || (only !== undefined && only !== name)) continue;
    yield {
      lines: [`${collection}: make the index ${name}${options.unique === true ? ' (unique)' : ''}`],
      counts: { indexesMade: 1 },
      apply: async (journal) => {
        await journal.write([{ kind: 'index', collection, name }]);
        await model.createCollection();
        const { background: _, ...rest } = options as Record<string, unknown>;
        await model.collection.createIndex(fields as Record<string, 1 | -1>, rest, {});
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
      yield* indexSteps(context, { model: model });
      context.progress.advance();
    }
  },
});
