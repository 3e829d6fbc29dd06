import type { Models } from '../models/index.js';
import type { Logger } from '../utils/logger.js';

/**
 * Makes the indexes that are missing; never drops one. Where old data stands in the way of a unique one, the server
 * does not start: without it nothing that it promises would hold.
 */
export async function ensureIndexes(models: Models, logger: Logger): Promise<void> {
  const {
    aliases,
    archive,
    blocks,
    changes,
    conversations,
    hides,
    members,
    messages,
    reactions,
    receipts,
    reports,
    users,
  } = models;
  const collections = [
    ...[conversations, members, messages, users, changes, reactions, receipts, hides, blocks, reports],
    ...[aliases, archive],
  ];
  for (const { model } of collections) {
    try {
      await model.createCollection();
      await model.createIndexes();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`The indexes of ${model.collection.name} could not be made: ${reason}`, {
        cause: error,
      });
    }
  }
  logger.debug('indexes are in place');
}
