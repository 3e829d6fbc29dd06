import type { TestServer } from '../../support/server.js';

/** Returns a raw collection of a server's database. */
export const storedIn = (server: TestServer, name: string) =>
  server.app.models.messages.model.db.collection(name);

/** Returns every `rev` of the change log, in order. */
export async function storedRevs(server: TestServer): Promise<number[]> {
  const found = await storedIn(server, 'changes').find().sort({ rev: 1 }).toArray();
  return found.map((one) => Number(one['rev']));
}

/** Returns the names of the collections that contain a text anywhere in a document. */
export async function collectionsWith(server: TestServer, text: string): Promise<string[]> {
  const { db } = server.app.models.messages.model.db;
  if (db === undefined) throw new Error('the database is not connected');
  const names = (await db.listCollections().toArray()).map(({ name }) => name);
  const found = await Promise.all(
    names.map(async (name) => {
      const documents = await db.collection(name).find().toArray();
      return documents.some((one) => JSON.stringify(one).includes(text)) ? [name] : [];
    }),
  );
  return found.flat().sort();
}
