import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { Killed, killedAfter } from './support/killed.js';

type Doc = Record<string, unknown>;
const { ObjectId } = mongoose.Types;
const START = Date.UTC(2026, 0, 1);

/** One message of a random history: in which of the duplicates, by whom, how much later than the one before. */
interface Said {
  chat: number;
  by: number;
  laterMs: number;
  replies: boolean;
  edited: boolean;
  deleted: boolean;
}

const said: fc.Arbitrary<Said> = fc.record({
  chat: fc.integer({ min: 0, max: 2 }),
  by: fc.integer({ min: 0, max: 1 }),
  laterMs: fc.integer({ min: 0, max: 3 }),
  replies: fc.boolean(),
  edited: fc.boolean(),
  deleted: fc.integer({ min: 0, max: 5 }).map((die) => die === 0),
});

const damage = fc.constantFrom(
  'lastSeq',
  'messageCount',
  'memberCount',
  'key',
  'position',
  'n',
  'summary',
  'none',
);

interface World {
  history: Said[];
  damages: string[];
  cleared: number;
  /** Which of the chats holds the key; beyond them none does. */
  keyAt: number;
}

const world: fc.Arbitrary<World> = fc.record({
  history: fc.array(said, { minLength: 1, maxLength: 40 }),
  damages: fc.array(damage, { maxLength: 3 }),
  cleared: fc.integer({ min: 0, max: 5 }),
  keyAt: fc.integer({ min: 0, max: 3 }),
});

const PAIR = ['ann', 'b_b'] as const;

/** Three conversations of the same two, as the server would have stored them, and then damaged. */
async function build(target: DataWorld, { history, damages, cleared, keyAt }: World) {
  const collection = (name: string) => target.connection.collection<Doc>(name);
  const chats = [0, 1, 2].map(() => ({ _id: new ObjectId(), messages: [] as Doc[], changes: [] as Doc[] }));
  let nowMs = START;
  history.forEach((one, index) => {
    const chat = chats[one.chat];
    if (chat === undefined) return;
    nowMs += one.laterMs;
    const seq = chat.messages.length + 1;
    const edit = one.edited && !one.deleted;
    chat.messages.push({
      ...{ _id: new ObjectId(), conversationId: chat._id, seq, n: seq, control: 0, senderId: PAIR[one.by] },
      ...{ clientMessageId: `c${index}`, payloadHash: `h${index}`, kind: 'text' },
      ...{ content: one.deleted ? '' : `text ${index}`, createdAt: new Date(nowMs) },
      ...(one.replies && seq > 1 && { replyTo: seq - 1 }),
      ...(edit && { editedAt: new Date(nowMs), editRev: chat.changes.length + 1 }),
      ...(one.deleted && { deletedAt: new Date(nowMs), deletedBy: PAIR[one.by] }),
    });
    if (!edit && !one.deleted) return;
    chat.changes.push({
      ...{ _id: new ObjectId(), conversationId: chat._id, rev: chat.changes.length + 1, seq },
      ...{ kind: edit ? 'edit' : 'delete', by: PAIR[one.by], at: new Date(nowMs) },
      what: edit ? { content: `text ${index}`, was: 'before' } : {},
    });
  });
  const key = participantsKey(...PAIR);
  for (const [index, chat] of chats.entries()) {
    const last = chat.messages.at(-1);
    const lastSeq = chat.messages.length;
    const sent = PAIR.map(
      (user) => chat.messages.findLast(({ senderId }) => senderId === user)?.['seq'] ?? 0,
    );
    await collection('conversations').insertOne({
      ...{ _id: chat._id, type: 'direct', participants: [...PAIR], createdBy: PAIR[0], memberCount: 2 },
      ...(index === keyAt && { participantsKey: key }),
      ...{ lastSeq, messageCount: lastSeq, rev: chat.changes.length, lastSent: sent, lastSentN: sent },
      ...(last && {
        tail: { seq: lastSeq, id: last['_id'], control: 0 },
        shown: { seq: lastSeq, id: last['_id'] },
      }),
      ...{ occasions: [], maybeUnread: [...PAIR], createdAt: new Date(START) },
      ...{ lastMessageAt: last?.['createdAt'] ?? new Date(START), changedAt: new Date(START) },
    });
    await collection('members').insertOne({
      ...{
        conversationId: chat._id,
        userId: PAIR[0],
        lastReadSeq: Math.floor(lastSeq / 2),
        lastReadN: Math.floor(lastSeq / 2),
      },
      ...{ lastDeliveredSeq: lastSeq, changedAt: new Date(START) },
      ...(index === 0 &&
        cleared > 0 &&
        lastSeq > 0 && { clearedSeq: Math.min(cleared, lastSeq), clearedN: Math.min(cleared, lastSeq) }),
    });
    if (chat.messages.length > 0) await collection('messages').insertMany(chat.messages);
    if (chat.changes.length > 0) await collection('changes').insertMany(chat.changes);
  }
  for (const [index, one] of damages.entries()) {
    const chat = chats[index % 3];
    if (chat !== undefined) await harm(target, one, chat._id);
  }
}

async function harm(target: DataWorld, how: string, _id: mongoose.Types.ObjectId): Promise<void> {
  const conversations = target.connection.collection<Doc>('conversations');
  const set = (fields: Doc) => conversations.updateOne({ _id }, { $set: fields });
  if (how === 'lastSeq') await set({ lastSeq: 77 });
  if (how === 'messageCount') await set({ messageCount: 99 });
  if (how === 'memberCount') await set({ memberCount: 5 });
  if (how === 'key') await conversations.updateOne({ _id }, { $unset: { participantsKey: 1 } });
  if (how === 'summary')
    await conversations.updateOne({ _id }, { $unset: { tail: 1, shown: 1, lastSent: 1 } });
  if (how === 'position') {
    await target.connection
      .collection('members')
      .updateOne({ conversationId: _id }, { $set: { lastReadSeq: 1_000 } });
  }
  if (how === 'n')
    await target.connection.collection('messages').updateMany({ conversationId: _id }, { $inc: { n: 3 } });
}

/** What a reader may see: everything that is not cleared for them, as often as it is there. */
async function seenBy(target: DataWorld, userId: string): Promise<string[]> {
  const { connection } = target;
  const members = await connection.collection('members').find({ userId }).toArray();
  const hides = await connection.collection('hides').find({ userId }).toArray();
  const hidden = new Set(hides.map(({ conversationId, seq }) => `${String(conversationId)} ${String(seq)}`));
  const cleared = new Map(
    members.map((one) => [String(one['conversationId']), Number(one['clearedSeq'] ?? 0)]),
  );
  const messages = await connection
    .collection('messages')
    .find({ 'action.type': { $ne: 'sealed' }, moved: { $ne: true } })
    .toArray();
  return messages
    .filter(({ conversationId, seq }) => {
      const id = String(conversationId);
      return (seq as number) > (cleared.get(id) ?? 0) && !hidden.has(`${id} ${String(seq)}`);
    })
    .map(({ senderId, content, createdAt, deletedAt, editedAt, clientMessageId }) =>
      JSON.stringify([senderId, content, createdAt, deletedAt, editedAt, clientMessageId]),
    )
    .sort();
}

async function check(target: DataWorld): Promise<void> {
  const { connection } = target;
  const conversations = await connection.collection('conversations').find().toArray();
  const live = conversations.filter(({ mergedInto }) => mergedInto === undefined);
  expect(live).toHaveLength(1);
  const [one] = live;
  const messages = await connection
    .collection('messages')
    .find({ conversationId: one?._id })
    .sort({ seq: 1 })
    .toArray();
  const places = messages.map((_, index) => index + 1);
  expect(messages.map(({ seq }) => seq as number)).toEqual(places);
  expect(messages.map(({ n }) => n as number)).toEqual(places);
  const inTime = messages.toSorted(
    (a, b) => Number(a['createdAt']) - Number(b['createdAt']) || Number(a['seq']) - Number(b['seq']),
  );
  expect(messages.map(({ _id }) => String(_id))).toEqual(inTime.map(({ _id }) => String(_id)));
  expect(one).toMatchObject({ lastSeq: messages.length, messageCount: messages.length, memberCount: 2 });
  const changes = await connection
    .collection('changes')
    .find({ conversationId: one?._id })
    .sort({ rev: 1 })
    .toArray();
  for (const change of changes.filter(({ kind }) => kind === 'edit')) {
    const about = messages[(change['seq'] as number) - 1];
    expect((change['what'] as { content: string }).content).toBe(about?.['content']);
    expect(about?.['editRev']).toBe(change['rev']);
  }
  for (const message of messages.filter(({ replyTo }) => replyTo !== undefined)) {
    const answered = messages[(message['replyTo'] as number) - 1];
    expect((answered?.['seq'] as number) < (message['seq'] as number)).toBe(true);
  }
}

test('whatever the histories and the damage: after harden and repair every invariant holds, each reader sees what they saw, and a second run finds nothing (invariants 1, 3, 9)', async () => {
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
}, 90_000);

test('killed before any of its writes, and run again, it completes; undo then restores every byte (invariant 9)', async () => {
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
}, 90_000);

test('undo of a merge refuses when somebody has written since, or a server is running, and takes back nothing', async () => {
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
  await expect(target.runHere('undo', { journal })).rejects.toThrow('people have written');
  expect(await target.dump()).toEqual(after);
});
