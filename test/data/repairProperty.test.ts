import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { DAMAGES, people, type Doc } from './support/damages.js';

const REPAIRS = [
  ...['repair-counters', 'place-messages', 'backfill-participants-key', 'cleanup-duplicate-chats'],
  ...['split-group-conversations', 'harden', 'sync-indexes'],
];
/** Tasks that a repair includes. After the repair, no finding may name them either. */
const INCLUDED: Record<string, string[]> = {
  harden: ['backfill-participants-key', 'cleanup-duplicate-chats'],
};
const CHECKS = ['add-conversation-validation', 'verify-message-user-integrity', 'check-duplicates'];
const TASK_OR_LOOK =
  /; npm run data -- [a-z-]+ repairs it$|; to look at it and decide: npm run data -- show [0-9a-f]{24}$/;

async function findings(world: DataWorld): Promise<Doc[]> {
  const all: Doc[] = [];
  for (const name of CHECKS) all.push(...((await world.runHere(name)).report.details as Doc[]));
  return all;
}

const named = (found: readonly Doc[], repair: string): Doc[] =>
  found.filter(({ task }) => [repair, ...(INCLUDED[repair] ?? [])].includes(String(task)));

/** Runs a repair. If it needs another one first, its error names that one. */
async function repairAll(world: DataWorld, repair: string): Promise<void> {
  try {
    await world.runHere(repair);
  } catch (error) {
    expect(String(error)).toContain('npm run data -- place-messages');
    await world.runHere('place-messages');
    await world.runHere(repair);
  }
}

test.each(REPAIRS)(
  'after %s no finding names it, whatever was damaged',
  async (repair) => {
    await using world = await createDataWorld();
    for (const [index, damage] of Object.values(DAMAGES).entries())
      await damage({ world, tag: String(index) });
    await repairAll(world, repair);
    expect(named(await findings(world), repair)).toEqual([]);
    await world.connection.dropDatabase();
  },
  120_000,
);

test('every finding names a command that repairs it, or one that shows what to decide on', async () => {
  await using world = await createDataWorld();
  for (const [index, damage] of Object.values(DAMAGES).entries()) await damage({ world, tag: String(index) });
  const found = await findings(world);
  const issues = new Set(found.map(({ issue }) => issue));
  expect([...issues].sort()).toEqual(
    [
      ...['counter', 'duplicate', 'foreignSender', 'hole', 'lostTarget', 'missingKey', 'notTwo', 'orphan'],
      ...['placeless', 'shape', 'unfinishedMerge', 'unfinishedSplit', 'wrongKey', undefined],
    ].sort(),
  );
  for (const { problem } of found) expect(problem).toMatch(TASK_OR_LOOK);
  // Every `show` command that a finding names succeeds.
  for (const { look } of found) {
    if (typeof look !== 'string') continue;
    const shown = await world.runHere('show', { id: look.slice('show '.length) });
    expect([look, shown.code]).toEqual([look, 0]);
  }
});

/** A pair with an interrupted merge and further duplicates: one run of the repair has to resolve both. */
const MERGE_AND_DUPLICATES: [string[], string[]] = [
  ['a merge that was killed', 'duplicates', 'leads nowhere', 'a key that leads nowhere'],
  ['place-messages', 'cleanup-duplicate-chats', 'backfill-participants-key'],
];

test('several damages of the same users, repaired in any order: no repair is named after it has run', async () => {
  const several = fc.subarray(Object.keys(DAMAGES), { minLength: 3, maxLength: 8 });
  const order = fc.shuffledSubarray(REPAIRS, { minLength: 3, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(several, order, async (damages, repairs) => {
      await using world = await createDataWorld();
      for (const name of damages) await DAMAGES[name]?.({ world, tag: '' });
      for (const repair of repairs) {
        await repairAll(world, repair);
        expect([damages, repairs, named(await findings(world), repair)]).toEqual([damages, repairs, []]);
      }
      await world.connection.dropDatabase();
    }),
    { numRuns: 3, endOnFailure: true, examples: [MERGE_AND_DUPLICATES] },
  );
});

test('messages without a seq are appended to their log, ordered by time; undo reverts this', async () => {
  await using world = await createDataWorld();
  const site = { world, tag: '1' };
  await DAMAGES['placeless messages']?.(site);
  const { connection } = world;
  const messages = connection.collection('messages');
  const before = await messages.find().sort({ _id: 1 }).toArray();
  const { code, report } = await world.runHere('place-messages');
  expect([code, report.counts['messagesPlaced']]).toEqual([0, 3]);
  const log = await messages.find().sort({ seq: 1 }).toArray();
  expect(log.map(({ seq, n }) => [seq as number, n as number])).toEqual(
    [1, 2, 3, 4, 5, 6].map((place) => [place, place]),
  );
  expect(log.slice(3).map(({ senderId }) => senderId as string)).toEqual(
    [0, 1, 1].map((who) => people(site)[who]),
  );
  const [conversation] = await connection.collection('conversations').find().toArray();
  expect(conversation).toMatchObject({ lastSeq: 6, messageCount: 6 });
  expect((await world.runHere('place-messages')).report.counts).toEqual({});
  expect(await findings(world)).toEqual([]);
  expect((await world.runHere('undo', { journal: report.journal })).code).toBe(0);
  expect(await messages.find().sort({ _id: 1 }).toArray()).toEqual(before);
});
