import type { Models } from '../models/index.js';
import { findObstacles, wantedIndexes, type IndexObstacle } from '../models/indexObstacles.js';
import { isDuplicateKey, retryRaces } from '../models/insertMany.js';
import type { Logger } from '../utils/logger.js';
import { IndexError } from './indexError.js';

/** Every model that has indexes of its own. */
export const indexedModels = (models: Models) => [models.conversations, ...besideConversations(models)];

/** Models without conversations, whose indexes old data may prevent. */
export const besideConversations = (models: Models) => [
  ...[models.members, models.messages, models.users, models.changes, models.reactions, models.receipts],
  ...[
    models.hides,
    models.blocks,
    models.reports,
    models.aliases,
    models.archive,
    models.moved,
    models.tickets,
  ],
  ...[models.attachments, models.uploadQuotas],
  ...[models.apiKeys, models.idempotency, models.webhookRetries],
  ...[models.devices, models.pushJobs, models.pushed],
];

type Indexed = ReturnType<typeof indexedModels>[number]['model'];

/** False where the database only may have meant repeated values, and they could not be counted in time. */
const isCertain = (obstacle: IndexObstacle, error: unknown): boolean =>
  obstacle.kind === 'differs' || obstacle.groups !== undefined || isDuplicateKey(error);

/**
 * Makes the missing indexes of one model, and its collection, in one command. Processes that start at the same moment
 * may make the same ones.
 *
 * @throws IndexError when something stored stands in the way: trying again would only read the collection once more.
 */
export async function makeIndexes(model: Indexed): Promise<void> {
  let suspected: IndexError | undefined;
  try {
    await retryRaces(async () => {
      try {
        await model.collection.createIndexes(
          wantedIndexes(model).map(({ name, fields, options }) => ({ ...options, name, key: fields })),
        );
      } catch (error) {
        const obstacles = await findObstacles(model).catch(() => []);
        suspected = obstacles.length > 0 ? new IndexError(obstacles, error) : undefined;
        throw suspected && obstacles.some((one) => isCertain(one, error)) ? suspected : error;
      }
    });
  } catch (error) {
    throw suspected ?? error;
  }
}

/**
 * Makes the indexes that are missing, those of different collections at the same time; never drops one. Where old data
 * stands in the way of a unique one, the server does not start: without it nothing that it promises would hold. All
 * obstacles are named at once.
 *
 * @throws IndexError.
 */
export async function ensureIndexes(models: Models, logger: Logger): Promise<void> {
  const made = await Promise.allSettled(
    indexedModels(models).map(({ model }) =>
      makeIndexes(model).catch((error: unknown) => nameModel(model, error)),
    ),
  );
  const errors = made.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  const other = errors.find((error) => !(error instanceof IndexError));
  if (other instanceof Error) throw other;
  const [first, ...rest] = errors.filter((error) => error instanceof IndexError);
  if (first !== undefined) {
    throw new IndexError(
      [first, ...rest].flatMap(({ obstacles }) => obstacles),
      first.cause,
    );
  }
  logger.debug('indexes are in place');
}

/** @throws the error with the name of the collection in front, unless it names what stands in the way itself. */
function nameModel(model: Indexed, error: unknown): never {
  if (error instanceof IndexError) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(`The indexes of ${model.collection.name} could not be made: ${reason}`, { cause: error });
}
