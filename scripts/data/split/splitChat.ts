import mongoose from 'mongoose';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { sleep } from '../../../backend/src/utils/clock.js';
import { setFields, writeFields, type FieldsChange } from '../frame/changes.js';
import { toFieldsEntry } from '../frame/entryKinds.js';
import type { JournalWriter } from '../frame/journal.js';
import { Stopped, type Counts, type Stored, type TaskContext } from '../frame/task.js';
import { attribute } from './attribution.js';
import type { Attribution, AttributionOptions } from './chat.js';
import { readLog, toMixedChat, type Log, type StoredChat } from './mixed.js';
import { moveAll, type MoveParts } from './move.js';
import { makeTargets, openTargets } from './open.js';
import { planMoves, type Move, type Plan, type Target } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;

export interface SplitOptions extends AttributionOptions {
  hubs: ReadonlySet<string>;
  /** Message id (hex) → whom it was for. */
  decided: ReadonlyMap<string, string>;
  apartName: string;
}

/** What somebody wrote is judged at most this long before it is stored, in ms: so long after the sealing one waits. */
const SETTLE_MS = 2_000;
const SEAL_ID = 'sys:split';

/** Says of each message of a chat where it goes. Reads only. */
export async function attributeChat(
  context: TaskContext,
  chat: StoredChat,
  options: SplitOptions,
): Promise<{ log: Log; attributions: Attribution[] }> {
  const log = await readLog(context, chat);
  const decisions = new Map(
    log.messages.flatMap(({ _id, seq }) => {
      const to = options.decided.get(_id.toHexString());
      return to === undefined ? [] : [[seq, to] as const];
    }),
  );
  const { attributions } = attribute(toMixedChat(chat, options.hubs), log.said, { ...options, decisions });
  return { log, attributions };
}

const change = async (
  { context, journal }: { context: TaskContext; journal: JournalWriter },
  changed: FieldsChange,
): Promise<void> => {
  await journal.write([toFieldsEntry(changed)]);
  await writeFields(context.collection(changed.collection), [changed]);
};

/**
 * Ends a mixed chat: a last entry behind which no server writes, no key any more, and a sign that it goes on elsewhere.
 */
export async function sealChat(
  context: TaskContext,
  { _id, participants, document }: StoredChat,
  journal: JournalWriter,
): Promise<void> {
  await writeSeal(context, { _id, senderId: String(document['createdBy'] ?? participants[0]), journal });
  const key: unknown = document['participantsKey'];
  const fields = {
    mergedInto: _id,
    ...(key !== undefined && { participantsKey: undefined, quarantinedKey: key }),
  };
  const stored = await context.collection('conversations').findOne({ _id });
  if (stored === null) return;
  await change({ context, journal }, setFields('conversations', stored, fields));
  await touch(context, _id);
}

async function writeSeal(
  context: TaskContext,
  { _id, senderId, journal }: { _id: ObjectId; senderId: string; journal: JournalWriter },
): Promise<void> {
  const messages = context.collection('messages');
  const id = new mongoose.Types.ObjectId();
  await journal.write([{ kind: 'inserted', collection: 'messages', id }]);
  for (;;) {
    const there = await messages.findOne({ conversationId: _id, senderId, clientMessageId: SEAL_ID });
    if (there !== null) return;
    const tail = await messages.findOne(
      { conversationId: _id, seq: { $gte: 0 } },
      { sort: { seq: -1 }, projection: { seq: 1, n: 1 }, readPreference: 'primary' },
    );
    const seq = Number(tail?.['seq'] ?? 0) + 1;
    try {
      await messages.insertOne(
        {
          ...{
            _id: id,
            conversationId: _id,
            seq,
            n: Number(tail?.['n'] ?? 0),
            control: seq,
            controlSeq: seq,
          },
          ...{ senderId, clientMessageId: SEAL_ID, payloadHash: '', kind: 'system', content: '' },
          ...{ silent: true, action: { type: 'sealed', into: _id.toHexString() }, createdAt: new Date() },
        },
        { writeConcern: COMMITTED },
      );
      return;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** `sync` finds it by this, on every device. */
async function touch(context: TaskContext, _id: ObjectId): Promise<void> {
  await context.collection('conversations').updateOne({ _id }, { $currentDate: { changedAt: true } });
}

/** Waits until everything that a server had judged before a sealing is stored, or refused. */
export async function settle(context: TaskContext, sealedAtMs: number | undefined): Promise<void> {
  if (sealedAtMs === undefined) return;
  if ((await context.collection('processes').countDocuments({})) === 0) return;
  await sleep(Math.max(0, SETTLE_MS - (performance.now() - sealedAtMs)));
}

/**
 * Splits a sealed chat. May be killed anywhere: what it had come to is in the documents, and the next run goes on there.
 *
 * @returns what was moved, and the pairs that have another conversation besides.
 */
export async function splitChat(
  context: TaskContext,
  { chat, options, journal }: { chat: StoredChat; options: SplitOptions; journal: JournalWriter },
): Promise<{ counts: Counts; duplicates: Target[] }> {
  const old = await context.collection('conversations').findOne({ _id: chat._id });
  if (old === null) return { counts: {}, duplicates: [] };
  const plan = await findPlan(context, { chat, old, options, journal });
  if (context.isStopping()) throw new Stopped();
  const parts: MoveParts = { context, journal, from: chat._id, plan };
  const opening = { ...parts, old: { ...old, splitTargets: plan.targets }, apartName: options.apartName };
  await makeTargets(opening);
  await moveAll(parts);
  await requireWhole(context, chat._id, plan);
  const duplicates = await openTargets(opening);
  const splitInto = plan.targets.map(({ _id, members }) => ({ conversationId: _id, participants: members }));
  const stored = (await context.collection('conversations').findOne({ _id: chat._id })) ?? old;
  await change({ context, journal }, setFields('conversations', stored, { splitInto }));
  await touch(context, chat._id);
  const pairs = plan.targets.filter(({ kind }) => kind === 'pair').length;
  return {
    counts: { messagesMoved: plan.moves.length, pairChats: pairs, apartChats: plan.targets.length - pairs },
    duplicates,
  };
}

/** The plan that was made already, or a new one; it is stored before anything moves, and stands from then on. */
async function findPlan(
  context: TaskContext,
  {
    chat,
    old,
    options,
    journal,
  }: { chat: StoredChat; old: Stored; options: SplitOptions; journal: JournalWriter },
): Promise<Plan> {
  const moved = context.collection('moved');
  const targets = old['splitTargets'] as Target[] | undefined;
  if (targets !== undefined) {
    const rows = await moved
      .find({ conversationId: chat._id, seq: { $gte: 1 } })
      .sort({ seq: 1 })
      .toArray();
    return { targets, moves: rows.map(toMove) };
  }
  // Left by a run that was killed before its plan was whole.
  await moved.deleteMany({ conversationId: chat._id });
  const { log, attributions } = await attributeChat(context, chat, options);
  const plan = planMoves(log.messages, attributions);
  await journal.write([{ kind: 'split-plan', id: chat._id }]);
  for (let first = 0; first < plan.moves.length; first += 1_000) {
    const rows = plan.moves.slice(first, first + 1_000).map((move) => toRow(move, chat._id));
    await moved.insertMany(rows, { writeConcern: COMMITTED });
  }
  await change({ context, journal }, setFields('conversations', old, { splitTargets: plan.targets }));
  return plan;
}

/** As a merge notes it: whoever holds an old place is led to the new one. The message keeps its id. */
const toRow = ({ _id, toN, toReplyTo, senderId, ...move }: Move, conversationId: ObjectId): Stored => ({
  ...{ ...move, conversationId, newId: _id, lacked: [] },
  was: { toN, senderId, ...(toReplyTo !== undefined && { toReplyTo }) },
});

function toMove(row: Stored): Move {
  const was = row['was'] as { toN: number; senderId: string; toReplyTo?: number };
  return {
    ...{ _id: row['newId'] as ObjectId, seq: Number(row['seq']), into: row['into'] as ObjectId },
    ...{ toSeq: Number(row['toSeq']), toN: was.toN, senderId: was.senderId, toReplyTo: was.toReplyTo },
  };
}

/** As many messages as before, none of them left behind, none twice. @throws when that is not so; nothing is opened. */
async function requireWhole(context: TaskContext, from: ObjectId, { targets, moves }: Plan): Promise<void> {
  const messages = context.collection('messages');
  const count = (conversationId: ObjectId) =>
    messages.countDocuments({ conversationId, controlSeq: { $exists: false } });
  let there = 0;
  for (const { _id } of targets) there += await count(_id);
  const left = await count(from);
  if (left !== 0 || there !== moves.length) {
    throw new Error(
      `Conversation ${from.toHexString()} had ${moves.length} messages; ${there} have arrived and ${left} are left. Nobody sees the new ones; run it again, or undo.`,
    );
  }
}
