import mongoose from 'mongoose';

/** An index that a schema declares. */
export interface WantedIndex {
  /** Default index name of MongoDB, e.g. `conversationId_1_seq_1`. */
  name: string;
  fields: Record<string, 1 | -1>;
  options: mongoose.mongo.CreateIndexesOptions;
}

/** Reason why an index cannot be created. */
export type IndexObstacle =
  /** An index with this name or these fields exists, but its definition differs. */
  | { kind: 'differs'; collection: string; name: string; existing: string; difference: string }
  /** Documents repeat values that must be unique. `groups` is undefined when counting took too long. */
  | { kind: 'repeated'; collection: string; name: string; groups: number | undefined };

interface IndexedModel {
  collection: { name: string };
  schema: { indexes(): [object, object][] };
}
type Collection = mongoose.mongo.Collection;
type Stored = mongoose.mongo.BSON.Document;

/** Time limit for counting repeated values, which reads the whole collection at the start of a server, in ms. */
const MAX_COUNT_MS = 5_000;
/** MongoDB error code NamespaceNotFound: the collection does not exist, so it has no indexes. */
const NO_COLLECTION = 26;
/** Index options that must equal those of the schema, because they determine the guarantees of the index. */
const COMPARED_OPTIONS = ['unique', 'sparse', 'partialFilterExpression'] as const;

const nameOf = (fields: object): string =>
  Object.entries(fields)
    .map(([field, direction]) => `${field}_${String(direction)}`)
    .join('_');

/** Returns the indexes that the schema of a model declares. */
export const wantedIndexes = ({ schema }: Pick<IndexedModel, 'schema'>): WantedIndex[] =>
  schema.indexes().map(([fields, given]) => {
    const options = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'background'));
    return { name: nameOf(fields), fields: fields as WantedIndex['fields'], options };
  });

/** Returns the indexes of a collection; none when the collection does not exist. */
export async function listIndexes(collection: Collection): Promise<mongoose.mongo.IndexDescriptionInfo[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    if (error instanceof mongoose.mongo.MongoServerError && error.code === NO_COLLECTION) return [];
    throw error;
  }
}

const optionOf = (options: object, name: (typeof COMPARED_OPTIONS)[number]): unknown => {
  const value: unknown = Reflect.get(options, name);
  return value === undefined || value === false ? undefined : value;
};

/** Describes how an existing index differs from the wanted one; undefined when it does not. */
function differenceOf(
  wanted: WantedIndex,
  existing: mongoose.mongo.IndexDescriptionInfo,
): string | undefined {
  if (JSON.stringify(existing.key) !== JSON.stringify(wanted.fields)) return 'it is on other fields';
  const differing = COMPARED_OPTIONS.filter(
    (name) => JSON.stringify(optionOf(wanted.options, name)) !== JSON.stringify(optionOf(existing, name)),
  );
  if (differing.length === 0) return existing.name === wanted.name ? undefined : 'it has another name';
  return differing.map((name) => DIFFERENCES[name](optionOf(wanted.options, name) !== undefined)).join(', ');
}
const DIFFERENCES: Record<(typeof COMPARED_OPTIONS)[number], (isWanted: boolean) => string> = {
  unique: (isWanted) => (isWanted ? 'it is not unique' : 'it is unique and must not be'),
  sparse: (isWanted) => (isWanted ? 'it is not sparse' : 'it is sparse and must not be'),
  partialFilterExpression: () => 'it covers other documents',
};

/** Finds an existing index with the name or fields of the wanted one that differs from it. */
export function findDiffering(
  collection: string,
  wanted: WantedIndex,
  existing: readonly mongoose.mongo.IndexDescriptionInfo[],
): Extract<IndexObstacle, { kind: 'differs' }> | undefined {
  const found =
    existing.find(({ name }) => name === wanted.name) ??
    existing.find(({ key }) => JSON.stringify(key) === JSON.stringify(wanted.fields));
  const difference = found && differenceOf(wanted, found);
  if (found === undefined || difference === undefined) return undefined;
  return { kind: 'differs', collection, name: wanted.name, existing: found.name ?? wanted.name, difference };
}

/** Filter of the documents that an index covers. */
function coveredBy({ fields, options }: WantedIndex): Stored {
  if (options.partialFilterExpression !== undefined) return options.partialFilterExpression;
  if (options.sparse !== true) return {};
  return { $or: Object.keys(fields).map((field) => ({ [field]: { $exists: true } })) };
}

const repeatedGroups = (wanted: WantedIndex): Stored[] => [
  { $match: coveredBy(wanted) },
  {
    $group: {
      _id: Object.keys(wanted.fields).map((field) => ({ $ifNull: [`$${field}`, null] })),
      holders: { $sum: 1 },
      ids: { $push: '$_id' },
    },
  },
  { $match: { holders: { $gt: 1 } } },
];

/**
 * Counts the groups of documents that violate a unique index, in bounded time. Returns undefined when it takes too
 * long.
 */
export async function countRepeated(
  collection: Collection,
  wanted: WantedIndex,
): Promise<number | undefined> {
  try {
    const stages = repeatedGroups(wanted).map((stage) =>
      '$group' in stage ? { $group: { ...(stage['$group'] as Stored), ids: { $sum: 0 } } } : stage,
    );
    const [found] = await collection
      .aggregate([...stages, { $count: 'groups' }], { maxTimeMS: MAX_COUNT_MS, readPreference: 'primary' })
      .toArray();
    return Number(found?.['groups'] ?? 0);
  } catch {
    return undefined;
  }
}

/** Returns at most `limit` groups of documents that violate a unique index. Reads the whole collection. */
export async function findRepeated(
  collection: Collection,
  wanted: WantedIndex,
  limit: number,
): Promise<{ values: unknown[]; ids: unknown[] }[]> {
  const found = await collection
    .aggregate([...repeatedGroups(wanted), { $limit: limit }], { readPreference: 'primary' })
    .toArray();
  return found.map(({ _id, ids }) => ({ values: _id as unknown[], ids: ids as unknown[] }));
}

/** Returns all obstacles to the indexes of a model. Reads the collection once per missing unique index. */
export async function findObstacles(model: IndexedModel & { collection: unknown }): Promise<IndexObstacle[]> {
  // The collections of models differ only in their document types, which do not matter for indexes.
  const collection = model.collection as unknown as Collection;
  const { name: collectionName } = model.collection;
  const existing = await listIndexes(collection);
  const obstacles: IndexObstacle[] = [];
  for (const wanted of wantedIndexes(model)) {
    const differing = findDiffering(collectionName, wanted, existing);
    if (differing !== undefined) obstacles.push(differing);
    const isMissing = !existing.some(({ name }) => name === wanted.name);
    if (!isMissing || wanted.options.unique !== true) continue;
    const groups = await countRepeated(collection, wanted);
    if (groups !== 0)
      obstacles.push({ kind: 'repeated', collection: collectionName, name: wanted.name, groups });
  }
  return obstacles;
}
