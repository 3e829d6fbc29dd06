import { describe, expect, inject, test } from 'vitest';
import mongoose from 'mongoose';
import { insertEach, retryRaces } from '../../backend/src/models/insertMany.js';
import { isDatabaseUnavailable, isRaceCode } from '../../backend/src/models/unavailable.js';
import { newDatabaseName } from '../support/server.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
/** SQLSTATE of a deadlock as a server based on PostgreSQL reports it. */
const DEADLOCK = 16_908_292;
const SERIALIZATION_FAILURE = 16_777_220;
const ADMIN_SHUTDOWN = 16_908_741;

async function openCollection() {
  const client = new mongoose.mongo.MongoClient(inject('mongoUri'), { maxPoolSize: 20 });
  const db = client.db(newDatabaseName());
  const places = db.collection<{ seq: number; who: number }>('places');
  await places.createIndexes([{ key: { seq: 1 }, name: 'by_seq', unique: true }]);
  return {
    places,
    [Symbol.asyncDispose]: async () => {
      await db.dropDatabase();
      await client.close();
    },
  };
}

describe('writers that insert the same seq at the same moment', () => {
  test('get a duplicate key, or a retryable error; never an error about their document (promise 3)', async () => {
    await using opened = await openCollection();
    const outcomes = new Set<string>();
    for (const seq of range(60)) {
      const results = await Promise.all(
        range(4).map(async (who) => {
          const insert = () => opened.places.insertMany([{ seq, who }]);
          return (await insertEach(1, true, insert))[0]?.outcome;
        }),
      );
      expect(results.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      for (const outcome of results) outcomes.add(outcome ?? 'nothing');
    }
    expect([...outcomes].filter((outcome) => !['stored', 'duplicate', 'untried'].includes(outcome))).toEqual(
      [],
    );
    expect(await opened.places.countDocuments({ seq: { $gte: 1 } })).toBe(60);
  });

  test('and concurrent first writes of one document all succeed', async () => {
    await using opened = await openCollection();
    for (const seq of range(30)) {
      await Promise.all(
        range(4).map((who) =>
          retryRaces(() => opened.places.updateOne({ seq }, { $max: { who } }, { upsert: true })),
        ),
      );
    }
    const stored = await opened.places.find({ seq: { $gte: 1 } }).toArray();
    expect(stored.map(({ who }) => who)).toEqual(range(30).map(() => 4));
  });

  test('a deadlock counts as a race, a server that shuts down as unavailable, other errors as neither', () => {
    expect([DEADLOCK, SERIALIZATION_FAILURE, 112].map(isRaceCode)).toEqual([true, true, true]);
    expect([ADMIN_SHUTDOWN, 11_000, 121, 2, undefined].map(isRaceCode)).toEqual(range(5).map(() => false));
    const answered = (code: number) =>
      isDatabaseUnavailable(new mongoose.mongo.MongoServerError({ message: 'x', code }));
    expect([DEADLOCK, ADMIN_SHUTDOWN, 91].map(answered)).toEqual([true, true, true]);
    expect([11_000, 121, 2, 14].map(answered)).toEqual([false, false, false, false]);
  });
});
