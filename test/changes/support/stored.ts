import type { TestServer } from '../../support/server.js';

/** A collection of a server's database as it is. */
export const storedIn = (server: TestServer, name: string) =>
  server.app.models.messages.model.db.collection(name);

/** Every place of the change log of the server's conversations, in its order. */
export async function storedRevs(server: TestServer): Promise<number[]> {
  const found = await storedIn(server, 'changes').find().sort({ rev: 1 }).toArray();
  return found.map((one) => Number(one['rev']));
}

/** The names of the collections in which a text is found, anywhere in a document. */
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
