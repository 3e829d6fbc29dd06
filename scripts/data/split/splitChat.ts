import mongoose from 'mongoose';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { sleep } from '../../../backend/src/utils/clock.js';
import { setFields, writeFields, type FieldsChange } from '../frame/changes.js';
import { toFieldsEntry } from '../frame/entryKinds.js';
import type { JournalWriter } from '../frame/journal.js';
import type { Stored } from '../frame/stored.js';
import type { Counts } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import { attribute } from './attribution.js';
import type { Attribution, AttributionOptions } from './chat.js';
import type { Decisions } from './decisions.js';
import { readLog, toMixedChat, type Log, type StoredChat } from './mixed.js';
import { moveAll, type MoveParts } from './move.js';
import { makeTargets, openTargets } from './open.js';
import { planMoves, type Move, type Plan, type Target } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;

export interface SplitOptions extends AttributionOptions {
  hubs: ReadonlySet<string>;
  decided: Decisions;
  unattributedName: string;
}

/**
 * Longest time between the authorization of a message and its insert, in ms. A split waits this long after the seal.
 */
const SETTLE_MS = 2_000;
const SEAL_ID = 'sys:split';

/** Determines the destination of each message of a chat. Read-only. */
export async function attributeChat(
  context: TaskContext,
  chat: StoredChat,
  options: SplitOptions,
): Promise<{ log: Log; attributions: Attribution[] }> {
  const planned = chat.document['splitTargets'] as Target[] | undefined;
  if (planned !== undefined) return attributePlanned(context, chat, planned);
  const log = await readLog(context, chat);
  const decisions = new Map(
    log.messages.flatMap(({ _id, seq }) => {
      const to = options.decided.recipients.get(_id.toHexString());
      return to === undefined ? [] : [[seq, to] as const];
    }),
  );
  const decidedHub = options.decided.hubs.get(chat._id.toHexString());
  const mixed = toMixedChat(chat, { hubs: options.hubs, decidedHub });
  const { attributions } = attribute(mixed, log.facts, { ...options, decisions });
  return { log, attributions };
}

/** Reads the plan of an earlier run, which stays valid. Part of the log may have moved already. */
async function attributePlanned(
  context: TaskContext,
  { _id }: StoredChat,
  targets: readonly Target[],
): Promise<{ log: Log; attributions: Attribution[] }> {
  const rows = await plannedRows(context, _id);
  const attributions = rows.map((row): Attribution => {
    const { seq, senderId, into } = toMove(row);
    const target = targets.find((one) => one._id.equals(into));
    const to = target?.members.find((userId) => userId !== senderId);
    const base = { seq, senderId };
    return to === undefined ? { ...base, to, doubt: 'planned' } : { ...base, to, because: 'planned' };
  });
  const messages = rows.map((row) => ({ ...toMove(row), replyTo: undefined, counts: true }));
  return { log: { facts: [], messages, placeless: 0 }, attributions };
}

const plannedRows = (context: TaskContext, conversationId: ObjectId): Promise<Stored[]> =>
  context
    .collection('moved')
    .find({ conversationId, seq: { $gte: 1 } })
    .sort({ seq: 1 })
    .toArray();

const change = async (
  { context, journal }: { context: TaskContext; journal: JournalWriter },
  changed: FieldsChange,
): Promise<void> => {
  await journal.write([toFieldsEntry(changed)]);
  await writeFields(context.collection(changed.collection), [changed]);
};

/**
 * Ends a mixed chat: writes a last entry after which no server writes, removes the key, and marks the chat as
 * redirected.
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
    const existing = await messages.findOne({ conversationId: _id, senderId, clientMessageId: SEAL_ID });
    if (existing !== null) return;
    const tail = await messages.findOne(
      { conversationId: _id, seq: { $gte: 0 } },
      { sort: { seq: -1 }, projection: { seq: 1, n: 1 }, readPreference: 'primary' },
    );
    const seq = Number(tail?.['seq'] ?? 0) + 1;
    try {
      await messages.insertOne(
        {
          _id: id,
          conversationId: _id,
          seq,
          n: Number(tail?.['n'] ?? 0),
          control: seq,
          controlSeq: seq,
          senderId,
          clientMessageId: SEAL_ID,
          payloadHash: '',
          kind: 'system',
          content: '',
          silent: true,
          action: { type: 'sealed', into: _id.toHexString() },
          createdAt: new Date(),
        },
        { writeConcern: COMMITTED },
      );
      return;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** Makes `sync` report the conversation to every device. */
async function touch(context: TaskContext, _id: ObjectId): Promise<void> {
  await context.collection('conversations').updateOne({ _id }, { $currentDate: { changedAt: true } });
}

/** Waits until all messages that servers authorized before the seal are stored or refused. */
export async function settle(context: TaskContext, sealedAtMs: number | undefined): Promise<void> {
  if (sealedAtMs === undefined) return;
  if ((await context.collection('processes').countDocuments({})) === 0) return;
  await sleep(Math.max(0, SETTLE_MS - (performance.now() - sealedAtMs)));
}

/**
 * Splits a sealed chat. Resumable: the progress is stored in the documents.
 *
 * @returns the counts, and the targets whose pair already has another conversation.
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
  const opening = {
    ...parts,
    old: { ...old, splitTargets: plan.targets },
    unattributedName: options.unattributedName,
  };
  await makeTargets(opening);
  await moveAll(parts);
  await requireComplete(context, chat._id, plan);
  const duplicates = await openTargets(opening);
  const splitInto = plan.targets.map(({ _id, members }) => ({ conversationId: _id, participants: members }));
  const stored = (await context.collection('conversations').findOne({ _id: chat._id })) ?? old;
  await change({ context, journal }, setFields('conversations', stored, { splitInto }));
  await touch(context, chat._id);
  const pairs = plan.targets.filter(({ kind }) => kind === 'pair').length;
  return {
    counts: {
      messagesMoved: plan.moves.length,
      pairChats: pairs,
      unattributedChats: plan.targets.length - pairs,
    },
    duplicates,
  };
}

/** Returns the stored plan, or creates and stores a new one. A plan is stored before anything moves, and is final. */
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
    return { targets, moves: (await plannedRows(context, chat._id)).map(toMove) };
  }
  // Rows of a run that was killed while it stored its plan.
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

/** Row in `moved`, as a merge writes it: it redirects the old `seq` to the new one. The message keeps its id. */
const toRow = ({ _id, toN, toReplyTo, senderId, ...move }: Move, conversationId: ObjectId): Stored => ({
  ...move,
  conversationId,
  newId: _id,
  lacked: [],
  was: { toN, senderId, ...(toReplyTo !== undefined && { toReplyTo }) },
});

function toMove(row: Stored): Move {
  const was = row['was'] as { toN: number; senderId: string; toReplyTo?: number };
  return {
    _id: row['newId'] as ObjectId,
    seq: Number(row['seq']),
    into: row['into'] as ObjectId,
    toSeq: Number(row['toSeq']),
    toN: was.toN,
    senderId: was.senderId,
    toReplyTo: was.toReplyTo,
  };
}

/** Checks that all messages have been moved exactly once. @throws otherwise; the new conversations stay invisible. */
async function requireComplete(
  context: TaskContext,
  from: ObjectId,
  { targets, moves }: Plan,
): Promise<void> {
  const messages = context.collection('messages');
  const count = (conversationId: ObjectId) =>
    messages.countDocuments({ conversationId, controlSeq: { $exists: false } });
  let arrived = 0;
  for (const { _id } of targets) arrived += await count(_id);
  const left = await count(from);
  if (left !== 0 || arrived !== moves.length) {
    throw new Error(
      `Conversation ${from.toHexString()} had ${moves.length} messages; ${arrived} have arrived and ${left} are left. The new conversations are not visible yet; run it again, or undo.`,
    );
  }
}
