import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { isDuplicateKey } from '../../backend/src/models/insertMany.js';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { until } from '../support/until.js';
import { build, check, seenBy, world, type Pair } from './support/duplicates.js';

/** Each run is a process of its own. */
const PAIRS = 24;

/** Creates three duplicates for each of many pairs, deterministically. */
async function buildMany(target: DataWorld): Promise<Pair[]> {
  const pairs = Array.from({ length: PAIRS }, (_, index): Pair => [`ann${index}`, `bob${index}`]);
  const worlds = fc.sample(world, { numRuns: PAIRS, seed: 7 });
  await Promise.all(
    worlds.map((one, index) => build(target, { ...one, damages: [] }, pairs[index] ?? ['', ''])),
  );
  return pairs;
}

const seenByAll = (target: DataWorld, pairs: readonly Pair[]): Promise<string[][]> =>
  Promise.all(pairs.flat().map((user) => seenBy(target, user)));

test('merging many pairs in parallel, killed repeatedly, ends with one consistent conversation for each (promise 9)', async () => {
  await using target = await createDataWorld();
  const pairs = await buildMany(target);
  const before = await seenByAll(target, pairs);
  const merges = target.connection.collection('merges');
  let kills = 0;
  for (const share of [0.1, 0.5, 0.9]) {
    const outcome = await target.run(['cleanup-duplicate-chats', '--yes'], (child) => {
      const isFarEnough = async () => (await merges.countDocuments()) >= PAIRS * share;
      void until(isFarEnough, { everyMs: 2 }).then(() => child.kill('SIGKILL'));
    });
    if (outcome.code === 137) kills += 1;
  }
  expect(kills).toBeGreaterThan(0);
  const last = await target.run(['cleanup-duplicate-chats', '--yes']);
  expect([last.code, last.stderr]).toEqual([0, expect.not.stringContaining('rror')]);
  for (const pair of pairs) await check(target, pair);
  expect(await seenByAll(target, pairs)).toEqual(before);
  expect(await merges.countDocuments({ stage: { $ne: 'done' } })).toBe(0);
});

/** Acts like a server from before the key's index: it creates duplicates, at a decreasing rate. */
class OldWriter {
  readonly written: string[] = [];
  /** True once the index refuses its duplicates. */
  isRefused = false;
  #isStopped = false;
  readonly #work: Promise<void>;

  constructor(
    readonly target: DataWorld,
    readonly pairs: readonly Pair[],
  ) {
    this.#work = this.#write();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
  }

  async #write(): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1) {
      const pair = this.pairs[(count * 7) % this.pairs.length];
      if (pair !== undefined) await this.#make(pair, `late ${count}`);
      await sleep(50 + count * 25);
    }
  }

  async #make(pair: Pair, content: string): Promise<void> {
    const { connection } = this.target;
    const _id = new mongoose.Types.ObjectId();
    const at = new Date();
    // The message is inserted first: otherwise a merge could seal the log before it.
    const { insertedId } = await connection.collection('messages').insertOne({
      ...{ conversationId: _id, seq: 1, n: 1, control: 0, senderId: pair[0], clientMessageId: content },
      ...{ payloadHash: '', kind: 'text', content, createdAt: at },
    });
    try {
      await connection.collection('conversations').insertOne({
        ...{ _id, type: 'direct', participants: [...pair], participantsKey: participantsKey(...pair) },
        ...{ createdBy: pair[0], memberCount: 2, messageCount: 1, lastSeq: 1, rev: 0 },
        ...{ maybeUnread: [...pair], lastSent: [1, 0], lastSentN: [1, 0], occasions: [] },
        ...{ createdAt: at, lastMessageAt: at, changedAt: at },
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await connection.collection('messages').deleteOne({ _id: insertedId });
      this.isRefused = true;
      return;
    }
    this.written.push(content);
  }
}

test('hardening repeats rounds while an old writer creates duplicates, until the index refuses them', async () => {
  await using target = await createDataWorld();
  const pairs = await buildMany(target);
  const messages = target.connection.collection('messages');
  const stored = await messages.countDocuments();
  const writer = new OldWriter(target, pairs);
  const hardened = await target.run(['harden', '--yes', '--json']);
  await until(() => writer.isRefused, { what: 'a refusal by the index' });
  await writer.stop();
  const { details } = JSON.parse(hardened.stdout) as { details: { issue?: string }[] };
  // The old writer stores its message before the conversation, so the verification may find an orphan.
  expect(details.filter(({ issue }) => issue !== 'orphan')).toEqual([]);
  expect(hardened.code).toBe(details.length === 0 ? 0 : 1);
  expect(writer.written.length).toBeGreaterThan(0);
  for (const pair of pairs) await check(target, pair);
  const live = { moved: { $ne: true }, 'action.type': { $ne: 'sealed' } };
  expect(await messages.countDocuments(live)).toBe(stored + writer.written.length);
  const late = await messages.find({ ...live, content: /^late/ }).toArray();
  expect(late.map(({ content }) => content as string).sort()).toEqual(writer.written.toSorted());
  expect((await target.run(['check-duplicates'])).code).toBe(0);
});
