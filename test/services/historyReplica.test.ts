import mongoose from 'mongoose';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import type { UserId } from '../../contract/index.js';
import { createModels } from '../../backend/src/models/index.js';
import { newConversationId, newMessageId } from '../../backend/src/models/objectIds.js';
import { newDatabaseName, startServer } from '../support/server.js';

const findOptions = z.object({ readPreference: z.object({ mode: z.string() }) });

/** Creates models on a real database with a conversation of ten messages, and records reads as Mongoose sends them. */
async function openLog(historyFrom?: 'secondaryPreferred') {
  const connection = await mongoose
    .createConnection(inject('mongoUri'), { dbName: newDatabaseName(), autoIndex: false })
    .asPromise();
  const { messages } = createModels(connection, historyFrom && { historyFrom });
  await messages.model.createIndexes();
  const chat = newConversationId();
  await messages.insert(
    Array.from({ length: 10 }, (_, index) => ({
      ...{ _id: newMessageId(), conversationId: chat, seq: index + 1, n: index + 1, control: 0 },
      ...{ senderId: 'alice' as UserId, clientMessageId: `m${index}`, payloadHash: 'h' },
      ...{ kind: 'text' as const, content: 'text', createdAt: new Date() },
    })),
    { ordered: true },
  );
  /** Read preference of each read. */
  const asked: unknown[] = [];
  connection.set('debug', (_collection: string, method: string, ...args: unknown[]) => {
    const options = args.map((one) => findOptions.safeParse(one)).find(({ success }) => success);
    if (method === 'find') asked.push(options?.data?.readPreference.mode);
  });
  return {
    messages,
    chat,
    asked,
    /** Simulates a replica that has not received this message yet. */
    lose: (seq: number) => connection.collection('messages').deleteOne({ seq }),
    async [Symbol.asyncDispose]() {
      await connection.dropDatabase();
      await connection.close();
    },
  };
}

const seqs = (found: readonly { seq: number }[]): number[] => found.map(({ seq }) => seq);

test('by default old history is read from the primary', async () => {
  await using log = await openLog();
  expect(seqs(await log.messages.findSettledRange(log.chat, 2, 5))).toEqual([2, 3, 4, 5]);
  expect(log.asked).toEqual(['primary']);
});

test('a whole page of old history from a replica is one read', async () => {
  await using log = await openLog('secondaryPreferred');
  expect(seqs(await log.messages.findSettledRange(log.chat, 2, 5))).toEqual([2, 3, 4, 5]);
  expect(log.asked).toEqual(['secondaryPreferred']);
});

test.each([
  ['at its beginning', 2],
  ['in the middle', 4],
  ['at its end', 5],
])('a page with a hole %s is read again from the primary', async (_where, seq) => {
  await using log = await openLog('secondaryPreferred');
  await log.lose(seq);
  const found = await log.messages.findSettledRange(log.chat, 2, 5);
  expect(log.asked).toEqual(['secondaryPreferred', 'primary']);
  expect(seqs(found)).toEqual([2, 3, 4, 5].filter((one) => one !== seq));
});

test('after a gap the answer of the primary is used', async () => {
  await using log = await openLog('secondaryPreferred');
  const [lost] = await log.messages.findRange(log.chat, 4, 4);
  await log.lose(4);
  const findRange = log.messages.findRange.bind(log.messages);
  // The replica catches up before the primary is asked.
  log.messages.findRange = async (...range) => {
    if (lost !== undefined) await log.messages.insert([lost], { ordered: true });
    return findRange(...range);
  };
  expect(seqs(await log.messages.findSettledRange(log.chat, 2, 5))).toEqual([2, 3, 4, 5]);
});

test('the tail of a conversation is never read from a replica', async () => {
  await using server = await startServer({ env: { HISTORY_READ_PREFERENCE: 'secondaryPreferred' } });
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  for (let count = 0; count < 6; count += 1) await alice.send(conversationId, `text ${count}`);
  const asked: string[] = [];
  const { messages } = server.app.models;
  const findSettledRange = messages.findSettledRange.bind(messages);
  messages.findSettledRange = (id, from, to) => {
    asked.push(`${from}-${to}`);
    return findSettledRange(id, from, to);
  };
  const page = async (input: object) =>
    seqs((await alice.ok('getMessages', { conversationId, ...input })).messages);
  expect(await page({ limit: 3 })).toEqual([4, 5, 6]);
  expect(await page({ before: 7, limit: 3 })).toEqual([4, 5, 6]);
  expect(await page({ after: 3, limit: 3 })).toEqual([4, 5, 6]);
  expect(await page({ around: 5, limit: 3 })).toEqual([4, 5, 6]);
  expect(asked).toEqual([]);
  expect(await page({ before: 4, limit: 3 })).toEqual([1, 2, 3]);
  expect(await page({ after: 1, limit: 3 })).toEqual([2, 3, 4]);
  expect(asked).toEqual(['1-3', '2-4']);
});
