import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

type CollectionName = 'conversations' | 'messages' | 'members';

/** Collections that change by themselves: heartbeats, the pulse of the database, last-seen times. */
const RESTLESS = ['processes', 'users', 'meta'];

/** Returns a raw collection of a server's database, which a test may read and change directly. */
export const rawCollection = (server: TestServer, name: CollectionName) =>
  server.app.models[name].model.collection;

/** Returns all stored documents by collection, as comparable text. */
export async function readEverything(server: TestServer): Promise<Record<string, string[]>> {
  const { db } = server.app.models.messages.model;
  const names = (await db.listCollections())
    .map(({ name }) => name)
    .filter((name) => !RESTLESS.includes(name))
    .sort();
  const read = async (name: string): Promise<[string, string[]]> => [
    name,
    (await db.collection(name).find().toArray()).map((one) => JSON.stringify(one)).sort(),
  ];
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** Waits until every conversation's stored summary has caught up with its messages. */
export async function summariesWritten(server: TestServer): Promise<void> {
  await until(
    async () => {
      const tails = await rawCollection(server, 'messages')
        .aggregate<{ _id: unknown; lastSeq: number }>([
          { $group: { _id: '$conversationId', lastSeq: { $max: '$seq' } } },
        ])
        .toArray();
      const stored = await rawCollection(server, 'conversations')
        .find({}, { projection: { lastSeq: 1 } })
        .toArray();
      const behind = new Map(stored.map((one) => [String(one._id), Number(one['lastSeq'])]));
      return tails.every(({ _id, lastSeq }) => (behind.get(String(_id)) ?? lastSeq) >= lastSeq);
    },
    { what: 'summaries that have caught up' },
  );
}
