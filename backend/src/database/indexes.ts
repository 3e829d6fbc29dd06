import type { Models } from '../models/index.js';
import { retryRaces } from '../models/insertMany.js';
import type { Logger } from '../utils/logger.js';

/** Every model that has indexes of its own. */
export const indexedModels = (models: Models) => [models.conversations, ...besideConversations(models)];

/** The same without the conversations: of them old data may stand in the way of an index. */
export const besideConversations = (models: Models) => [
  ...[models.members, models.messages, models.users, models.changes, models.reactions, models.receipts],
  ...[models.hides, models.blocks, models.reports, models.aliases, models.archive, models.moved],
];

type Indexed = Pick<ReturnType<typeof indexedModels>[number]['model'], 'createCollection' | 'createIndexes'>;

/** Makes those of one model that are missing. Whoever starts at this moment, too, makes the same ones. */
export const makeIndexes = (model: Indexed): Promise<void> =>
  retryRaces(async () => {
    await model.createCollection();
    await model.createIndexes();
  });

/**
 * Makes the indexes that are missing; never drops one. Where old data stands in the way of a unique one, the server
 * does not start: without it nothing that it promises would hold.
 */
export async function ensureIndexes(models: Models, logger: Logger): Promise<void> {
  for (const { model } of indexedModels(models)) {
    try {
      await makeIndexes(model);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`The indexes of ${model.collection.name} could not be made: ${reason}`, {
        cause: error,
      });
    }
  }
  logger.debug('indexes are in place');
}
