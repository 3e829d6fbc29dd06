import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { createDataWorld } from '../support/dataScript.js';
import { build, check, PAIR, seenBy, world, type Doc, type World } from './support/duplicates.js';
import { Killed, killedAfter } from './support/killed.js';

test('any history with any damage: after harden and repair every promise holds, each reader sees what they saw before, and a second run finds nothing (promises 1, 3, 9)', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      await using target = await createDataWorld();
      await build(target, given);
      const before = await Promise.all(PAIR.map((user) => seenBy(target, user)));
      await target.runHere('repair-counters');
      await target.runHere('harden');
      await check(target);
      expect(await Promise.all(PAIR.map((user) => seenBy(target, user)))).toEqual(before);
      for (const name of ['harden', 'repair-counters', 'check-duplicates', 'verify-message-user-integrity']) {
        const again = await target.runHere(name, { dryRun: true });
        expect([name, again.code, again.report.details]).toEqual([name, 0, []]);
      }
      await target.connection.dropDatabase();
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('killed before any of its writes and run again, it completes; undo then restores every byte (promise 9)', async () => {
  const arbitrary = fc.tuple(
    world,
    fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(arbitrary, async ([given, kills]) => {
      await using target = await createDataWorld();
      await build(target, { ...given, damages: [] });
      const before = await target.dump();
      const seen = await Promise.all(PAIR.map((user) => seenBy(target, user)));
      for (const kill of kills) {
        try {
          const { connection, death } = killedAfter(target.connection, kill);
          await Promise.race([target.runHere('cleanup-duplicate-chats', {}, connection), death]);
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
      }
      await target.runHere('cleanup-duplicate-chats');
      expect((await target.runHere('check-duplicates')).code).toBe(0);
      expect(await Promise.all(PAIR.map((user) => seenBy(target, user)))).toEqual(seen);
      const folder = join(target.dataDir, 'journal');
      const journals = existsSync(folder) ? readdirSync(folder).sort().reverse() : [];
      for (const name of journals) {
        const journal = join(folder, name);
        expect((await target.runHere('undo', { journal })).code).toBe(0);
      }
      expect(await target.dump()).toEqual(before);
      await target.connection.dropDatabase();
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

test('undo of a merge refuses when messages were written since, or a server is running, and changes nothing', async () => {
  await using target = await createDataWorld();
  const one = { by: 0, laterMs: 1, replies: false, edited: false, deleted: false };
  await build(target, {
    history: [
      { ...one, chat: 0 },
      { ...one, chat: 1 },
    ],
    damages: [],
    cleared: 0,
    keyAt: 0,
  });
  const { report } = await target.runHere('cleanup-duplicate-chats');
  const merged = await target.connection
    .collection('conversations')
    .findOne({ mergedInto: { $exists: false } });
  const journal = report.journal ?? '';
  const processes = target.connection.collection<Doc>('processes');
  await processes.insertOne({ _id: 'alive', at: new Date() } as never);
  await expect(target.runHere('undo', { journal })).rejects.toThrow('a server is running');
  await processes.deleteMany({});
  const messages = target.connection.collection('messages');
  await messages.insertOne({
    conversationId: merged?._id,
    seq: 3,
    n: 3,
    control: 0,
    senderId: 'ann',
    clientMessageId: 'x',
  });
  const after = await target.dump();
  await expect(target.runHere('undo', { journal })).rejects.toThrow('written to or read since');
  expect(await target.dump()).toEqual(after);
});

test('of all documents ever merged for a pair exactly one holds its key, and undo restores the key of each', async () => {
  await using target = await createDataWorld();
  const conversations = target.connection.collection<Doc>('conversations');
  const one = { laterMs: 1, replies: false, edited: false, deleted: false };
  const given: World = {
    history: [
      { ...one, chat: 0, by: 0 },
      { ...one, chat: 1, by: 1 },
    ],
    ...{ damages: [], cleared: 0, keyAt: 0 },
  };
  const everything = async (): Promise<string[]> => Object.values(await target.dump()).flat();
  const built = new Set<string>();
  const journals: string[] = [];
  // A writer without the index creates new conversations with the key: two with messages, one without.
  for (const history of [given.history, given.history, []]) {
    const before = new Set(await everything());
    await build(target, { ...given, history });
    for (const document of await everything()) if (!before.has(document)) built.add(document);
    const { report } = await target.runHere('cleanup-duplicate-chats');
    journals.push(report.journal ?? '');
    expect(await conversations.countDocuments({ participantsKey: participantsKey(...PAIR) })).toBe(1);
    expect((await target.runHere('check-duplicates')).code).toBe(0);
  }
  for (const journal of journals.reverse()) {
    expect((await target.runHere('undo', { journal })).code).toBe(0);
  }
  expect((await everything()).sort()).toEqual([...built].sort());
});
