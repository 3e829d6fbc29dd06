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

/**
 * Makes the indexes that are missing; never drops one. Where old data stands in the way of a unique one, the server
 * does not start: without it nothing that it promises would hold.
 */
export async function ensureIndexes(models: Models, logger: Logger): Promise<void> {
  for (const { model } of indexedModels(models)) {
    try {
      // Another server that starts at this moment makes the same ones.
      await retryRaces(async () => {
        await model.createCollection();
        await model.createIndexes();
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`The indexes of ${model.collection.name} could not be made: ${reason}`, {
        cause: error,
      });
    }
  }
  logger.debug('indexes are in place');
}
