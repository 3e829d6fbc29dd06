import type mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { newMessageId } from '../../backend/src/models/objectIds.js';
import { wordsOf } from '../../backend/src/utils/searchWords.js';
import {
  conversationId as toConversationId,
  type ConversationId,
  type UserId,
} from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { openChat } from '../contract/support/chat.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { findAll, find } from './support/search.js';

const server = sharedServer();
type Document = mongoose.mongo.BSON.Document;

const connectionOf = (): mongoose.Connection => server().app.models.messages.model.db;

/** Stores a log directly, because sending this many messages takes too long. */
async function writeLog(
  conversationId: ConversationId,
  senders: readonly [UserId, UserId],
  texts: readonly string[],
): Promise<void> {
  const { messages, conversations } = server().app.models;
  await messages.insert(
    texts.map((content, index) => ({
      ...{ _id: newMessageId(), conversationId, seq: index + 1, n: index + 1, control: 0 },
      ...{ senderId: senders[index % 2] ?? senders[0], clientMessageId: `m${index}`, payloadHash: 'h' },
      ...{ kind: 'text' as const, content, createdAt: new Date(), words: wordsOf({ content }) },
    })),
    { ordered: true },
  );
  await conversations.model.updateOne(
    { _id: conversationId },
    { lastSeq: texts.length, messageCount: texts.length },
  );
}

/** Returns what a search reads from the index of words or of senders, and how many messages it returns. */
async function questionsOf(search: () => Promise<unknown>): Promise<{ finds: Document[]; read: number }> {
  const asked = new Map<number, Document>();
  let read = 0;
  const hear = ({ commandName, command, requestId }: mongoose.mongo.CommandStartedEvent): void => {
    if (commandName === 'find' && isOfSearch(command)) asked.set(requestId, { ...command });
  };
  const count = ({ requestId, reply }: mongoose.mongo.CommandSucceededEvent): void => {
    if (asked.has(requestId))
      read += (reply as { cursor: { firstBatch: unknown[] } }).cursor.firstBatch.length;
  };
  const client = connectionOf().getClient();
  client.on('commandStarted', hear).on('commandSucceeded', count);
  await search();
  client.off('commandStarted', hear).off('commandSucceeded', count);
  return { finds: [...asked.values()], read };
}

const BY_WORD = 'conversationId_1_words_1_seq_1';
const BY_AUTHOR = 'conversationId_1_senderId_1_seq_1';
const nameOf = (hint: unknown): string =>
  Object.entries(hint as object)
    .flat()
    .join('_');
const isOfSearch = ({ hint }: Document): boolean => [BY_WORD, BY_AUTHOR].includes(nameOf(hint ?? {}));

/** Creates a conversation with words of every frequency, among others that contain the same words. */
async function createLibrary(): Promise<{ ann: TestClient; here: ConversationId }> {
  const [ann, ben, cat] = people('ann', 'ben', 'cat');
  const [here, elsewhere] = [await openChat(server(), [ann, ben]), await openChat(server(), [ben, cat])];
  const texts = Array.from({ length: 1_000 }, (_, index) =>
    [
      ...[`common${index}`, `every word`],
      index % 10 === 0 ? 'tenth' : '',
      index % 100 === 0 ? 'hundredth' : '',
      index === 5 ? 'singular' : '',
    ].join(' '),
  );
  await writeLog(here, [ann, ben], texts);
  await writeLog(elsewhere, [ben, cat], texts);
  return { ann: await server().connectAs(ann), here };
}

/** Checks the index bounds: words and seqs within one log, or the conversations themselves over all logs. */
async function expectSearched(command: Document): Promise<void> {
  const { lsid: _session, $db: _database, txnNumber: _number, ...find } = command;
  const plan: unknown = await connectionOf().db?.command({ explain: find, verbosity: 'queryPlanner' });
  const text = JSON.stringify(plan);
  expect(text).not.toMatch(/COLLSCAN|"Seq Scan"/);
  expect(text).toContain(nameOf(find['hint']));
  expect(Object.keys(find['filter'] as object)[0]).toBe('conversationId');
  const bounds = /"indexBounds":(\{[^}]*\}|\[[^\]]*\])/.exec(text)?.[0];
  expect(bounds).toContain('conversationId');
}

test('a search reads messages of the named conversations only, at most twice as many as it shows', async () => {
  const { ann, here } = await createLibrary();
  for (const [words, found] of [
    ...([
      ['common', 1_000],
      ['every', 1_000],
      ['tenth', 100],
      ['hund', 10],
      ['singular', 1],
    ] as const),
    ...([['nonesuch', 0]] as const),
  ]) {
    for (const conversationId of [here, undefined]) {
      const { finds, read } = await questionsOf(async () => {
        expect(await findAll(ann, { words, conversationId, limit: 50 })).toHaveLength(found);
      });
      expect(finds.every(({ hint }) => nameOf(hint) === BY_WORD)).toBe(true);
      await expectSearched(finds[0] ?? {});
      // The index bounds equal the filter, so every read message was returned. Over all conversations, one attempt may
      // have
      // read too much for one answer.
      const tries = conversationId === undefined ? 101 : 1;
      expect(read, `${words}: ${read} read`).toBeLessThanOrEqual(2 * found + tries);
    }
  }
});

test('a page costs few queries, however rare or common its words are', async () => {
  const { ann, here: conversationId } = await createLibrary();
  for (const words of ['every', 'tenth', 'singular', 'nothing']) {
    const { finds, read } = await questionsOf(() => ann.ok('searchMessages', { conversationId, words }));
    expect(finds.length).toBeLessThanOrEqual(6);
    expect(read).toBeLessThanOrEqual(100);
  }
});

test('of several words the rarest is used first, and the sender counts as one of them', async () => {
  const { ann, here: conversationId } = await createLibrary();
  const search = (wanted: object) =>
    questionsOf(() => findAll(ann, { conversationId, limit: 50, ...wanted }));
  // Finding the rarest one costs at most two pages for each.
  for (const words of ['every hundredth', 'hundredth every word common']) {
    const { read } = await search({ words });
    expect(read).toBeLessThanOrEqual(2 * 10 + 3 * 101);
  }
  const { read, finds } = await search({ words: 'singular every', senderId: ann.userId });
  expect(read).toBeLessThanOrEqual(2 + 3 * 101);
  expect(finds.some(({ hint }) => nameOf(hint) === BY_AUTHOR)).toBe(true);
  await expectSearched(finds.find(({ hint }) => nameOf(hint) === BY_AUTHOR) ?? {});
});

test('a hundred conversations are searched together', async () => {
  const [ann] = people('ann');
  const client = await server().connectAs(ann);
  for (const other of Array.from({ length: 100 }, () => people('other')[0])) {
    await openChat(server(), [ann, other]);
  }
  const last = await client.open(people('one')[0]);
  await client.send(last, 'a needle');
  const { finds } = await questionsOf(async () => {
    expect(await find(client, { words: 'needle' })).toEqual(['a needle']);
  });
  expect(finds.length).toBeLessThanOrEqual(5);
});

test('what one process stores, changes and deletes is found by the other immediately', async () => {
  const databaseName = newDatabaseName();
  await using a = await startServer({ databaseName });
  await using b = await startServer({ databaseName });
  const [ann, bob] = [await a.connectAs('ann'), await b.connectAs('bob')];
  const conversationId = toConversationId.parse(await ann.open('bob'));
  for (let round = 1; round <= 10; round += 1) {
    const sent = await ann.ok('sendMessage', {
      ...{ conversationId, content: `needle ${round}`, clientMessageId: `${round}` },
    });
    expect((await find(bob, { conversationId, words: 'needle' }))[0]).toBe(`needle ${round}`);
    expect((await find(bob, { words: `needle ${round}` }))[0]).toBe(`needle ${round}`);
    await ann.ok('editMessage', { conversationId, seq: sent.seq, content: `pin ${round}` });
    expect(await find(bob, { conversationId, words: 'needle' })).toEqual([]);
    expect(await find(bob, { words: `pin ${round}` })).toEqual([`pin ${round}`]);
    await ann.ok('deleteMessage', { conversationId, seq: sent.seq, for: 'everyone' });
    expect(await find(bob, { words: 'pin' })).toEqual([]);
  }
  await bob.ok('unmatch', { conversationId });
  expect((await ann.call('searchMessages', { conversationId, words: 'pin' })).success).toBe(false);
});
