import mongoose from 'mongoose';
import { expect, inject, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { createAliasModel } from '../../backend/src/models/aliasModel.js';
import { createMetaModel } from '../../backend/src/models/metaModel.js';
import { createVerificationModel } from '../../backend/src/models/verificationModel.js';
import { newDatabaseName } from '../support/server.js';

const CALLERS = Array.from({ length: 4 }, (_, index) => `user-${index}` as UserId);
const ROUNDS = 60;

async function openDatabase() {
  const connection = await mongoose
    .createConnection(inject('mongoUri'), { dbName: newDatabaseName() })
    .asPromise();
  return {
    connection,
    [Symbol.asyncDispose]: async () => {
      await connection.dropDatabase();
      await connection.close();
    },
  };
}

test('of several callers who claim an old id at once, one gets it, and all receive the result', async () => {
  await using database = await openDatabase();
  const aliases = createAliasModel(database.connection);
  for (let round = 0; round < ROUNDS; round += 1) {
    const alias = `group_${round}`;
    const answers = await Promise.all(CALLERS.map((caller) => aliases.claim(alias, caller)));
    const winners = CALLERS.filter((caller, index) => answers[index]?.claimedBy === caller);
    const [stored] = await aliases.findByAliases([alias]);
    expect(winners).toEqual([stored?.claimedBy]);
    expect(new Set(answers.map(({ claimedBy }) => claimedBy)).size).toBe(1);
  }
});

test('processes that start on a new database at once agree on its epoch, and every check is counted', async () => {
  await using database = await openDatabase();
  const meta = createMetaModel(database.connection);
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.connection.collection('meta').deleteMany({});
    const epochs = await Promise.all(CALLERS.map(() => meta.incrementPulse()));
    expect(new Set(epochs.map(({ value }) => value)).size).toBe(1);
    expect(epochs.map(({ pulse }) => pulse).sort()).toEqual([1, 2, 3, 4]);
  }
});

test('of several processes that request the first verification at once, one gets it', async () => {
  await using database = await openDatabase();
  const verification = createVerificationModel(database.connection);
  const now = new Date();
  const until = new Date(now.getTime() + 60_000);
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.connection.collection('meta').deleteMany({});
    const taken = await Promise.all(CALLERS.map(() => verification.claim(now, until)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await verification.claim(until, until)).toBe(true);
    expect(await verification.claim(now, until)).toBe(false);
  }
});
