import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  collectionsOf,
  findTail,
  FROM_PRIMARY,
  insertMissing,
  newIdOf,
  numberOf,
  newPositionOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 500;

/** State of one member in one of the old conversations. */
interface MemberState {
  from: ObjectId;
  document: Stored;
  hasMessages: boolean;
}

const seqIn = (document: Stored, field: string): number => numberOf(document[field]);

/** Filter for counted messages of other users. */
const byOthers = (userId: string): Stored => ({
  senderId: { $ne: userId },
  controlSeq: { $exists: false },
  shadow: { $exists: false },
});

/**
 * Copies the member settings from the old conversations to the new one. A position becomes the furthest of the old
 * ones: a message shown as read to its sender never becomes unread again. If that skips unread messages, the
 * conversation is marked as unread.
 */
export async function copyMemberSettings(context: TaskContext, merge: Merge): Promise<void> {
  const collections = collectionsOf(context);
  for (const userId of merge.participants) {
    const states = await memberStatesOf(collections, merge, userId);
    if (states.every(({ document }) => document['_id'] === undefined)) continue;
    const hidden = await hideCleared(context, merge, { userId, states });
    const fields = merge.isSurvivor
      ? settingsOf(states)
      : { ...(await positionsOf(collections, merge, { userId, states })), ...hidden, ...settingsOf(states) };
    await write(collections, merge, { userId, fields });
  }
}

async function memberStatesOf(
  { members, messages }: Collections,
  merge: Merge,
  userId: string,
): Promise<MemberState[]> {
  return Promise.all(
    merge.sources.map(async (from) => ({
      from,
      document: (await members.findOne({ conversationId: from, userId }, FROM_PRIMARY)) ?? {},
      hasMessages: (await messages.findOne({ conversationId: from, content: { $exists: true } })) !== null,
    })),
  );
}

/** Combines pin, mute and "marked unread": the latest time wins. */
function settingsOf(states: readonly MemberState[]): Stored {
  const times = (field: string): Date[] =>
    states.flatMap(({ document }) => (document[field] instanceof Date ? [document[field]] : []));
  const latest = (field: string): Date | undefined =>
    times(field).toSorted((a, b) => b.getTime() - a.getTime())[0];
  const [pinnedAt, mutedUntil] = [latest('pinnedAt'), latest('mutedUntil')];
  return {
    ...(pinnedAt !== undefined && { pinnedAt }),
    ...(mutedUntil !== undefined && { mutedUntil }),
    ...(states.some(({ document }) => document['markedUnread'] === true) && { markedUnread: true }),
  };
}

async function positionsOf(
  { messages, moved }: Collections,
  merge: Merge,
  { userId, states }: { userId: string; states: readonly MemberState[] },
): Promise<Stored> {
  const furthest = async (field: string): Promise<number> =>
    Math.max(
      0,
      ...(await Promise.all(
        states.map(({ from, document }) => newPositionOf(moved, from, { seq: seqIn(document, field) })),
      )),
    );
  const tail = await findTail(messages, merge._id);
  const lastReadSeq = await furthest('lastReadSeq');
  const lastDeliveredSeq = Math.max(lastReadSeq, await furthest('lastDeliveredSeq'));
  const spoken = states.filter(({ hasMessages }) => hasMessages);
  const isArchived =
    spoken.length > 0 && spoken.every(({ document }) => document['archivedAt'] instanceof Date);
  const isOff = spoken.length > 0 && spoken.every(({ document }) => typeof document['hiddenN'] === 'number');
  const [privateReadSeq, privateDeliveredSeq] = [
    await furthest('privateReadSeq'),
    await furthest('privateDeliveredSeq'),
  ];
  const sent = await lastSentBy(messages, { conversationId: merge._id, userId });
  const reached = Math.max(lastReadSeq, privateReadSeq, sent);
  const passed = await Promise.all(
    states.map((state) => passesOver(messages, moved, { state, userId, reached })),
  );
  return {
    lastReadSeq,
    lastReadN: await countAt(messages, merge._id, lastReadSeq),
    lastDeliveredSeq,
    ...(privateReadSeq > 0 && {
      privateReadSeq,
      privateReadN: await countAt(messages, merge._id, privateReadSeq),
    }),
    ...(privateDeliveredSeq > 0 && { privateDeliveredSeq }),
    ...(passed.includes(true) && { markedUnread: true }),
    ...(isArchived && { archivedAt: spoken[0]?.document['archivedAt'] as Date, archivedN: tail.n }),
    ...(isOff && { hiddenSeq: tail.seq, hiddenN: tail.n }),
  };
}

type Messages = Collections['messages'];

/** True when the new position lies beyond a message that was unread in the old conversation. */
async function passesOver(
  messages: Messages,
  moved: Messages,
  { state, userId, reached }: { state: MemberState; userId: string; reached: number },
): Promise<boolean> {
  const { from, document } = state;
  const sent = await lastSentBy(messages, { conversationId: from, userId });
  const seqs = ['lastReadSeq', 'privateReadSeq', 'clearedSeq'].map((name) => seqIn(document, name));
  const done = Math.max(...seqs, sent);
  const [first] = await messages
    .find({ conversationId: from, seq: { $gt: done }, ...byOthers(userId) }, FROM_PRIMARY)
    .sort({ seq: 1 })
    .limit(1)
    .toArray();
  return (
    first !== undefined && (await newPositionOf(moved, from, { seq: numberOf(first['seq']) })) <= reached
  );
}

/** @param isQuiet true: only messages sent with receipts switched off; false: only the others; undefined: all. */
export async function lastSentBy(
  messages: Messages,
  { conversationId, userId }: { conversationId: ObjectId; userId: string },
  isQuiet?: boolean,
): Promise<number> {
  const [last] = await messages
    .find(
      {
        conversationId,
        senderId: userId,
        controlSeq: { $exists: false },
        shadow: { $exists: false },
        ...(isQuiet !== undefined && { quiet: { $exists: isQuiet } }),
      },
      { ...FROM_PRIMARY, projection: { seq: 1 } },
    )
    .sort({ seq: -1 })
    .limit(1)
    .toArray();
  return numberOf(last?.['seq']);
}

export async function countAt(messages: Messages, conversationId: ObjectId, seq: number): Promise<number> {
  if (seq === 0) return 0;
  const found = await messages.findOne({ conversationId, seq }, { ...FROM_PRIMARY, projection: { n: 1 } });
  return numberOf(found?.['n']);
}

/**
 * Keeps cleared messages hidden. `clearedSeq` covers the beginning of the new log up to the first message that was not
 * cleared; cleared messages after that are hidden one by one.
 */
async function hideCleared(
  context: TaskContext,
  merge: Merge,
  { userId, states }: { userId: string; states: readonly MemberState[] },
): Promise<Stored> {
  const { messages, moved } = collectionsOf(context);
  const hides = context.collection('hides');
  const firstKept = await Promise.all(
    states.map(async ({ from, document }) => {
      const [row] = await moved
        .find({ conversationId: from, seq: { $gt: seqIn(document, 'clearedSeq') } }, FROM_PRIMARY)
        .sort({ seq: 1 })
        .limit(1)
        .toArray();
      return row === undefined ? Infinity : numberOf(row['toSeq']);
    }),
  );
  const tail = await findTail(messages, merge._id);
  const isCleared = states.some(({ document }) => seqIn(document, 'clearedSeq') > 0);
  const clearedSeq = isCleared ? Math.min(tail.seq, Math.min(...firstKept) - 1) : 0;
  for (const { from, document } of states) {
    await hideRest({ hides, moved }, merge, {
      userId,
      from,
      upTo: seqIn(document, 'clearedSeq'),
      clearedSeq,
    });
  }
  const last = await hides.find({ userId, conversationId: merge._id }).sort({ seq: -1 }).limit(1).toArray();
  return {
    ...(clearedSeq > 0 && { clearedSeq, clearedN: await countAt(messages, merge._id, clearedSeq) }),
    ...(last[0] !== undefined && { lastHiddenSeq: numberOf(last[0]['seq']) }),
    ...(await hiddenUnread({ hides, messages }, merge, userId)),
  };
}

async function hideRest(
  { hides, moved }: { hides: Messages; moved: Messages },
  merge: Merge,
  { userId, from, upTo, clearedSeq }: { userId: string; from: ObjectId; upTo: number; clearedSeq: number },
): Promise<void> {
  if (upTo === 0) return;
  const cursor = moved.find(
    { conversationId: from, seq: { $gt: 0, $lte: upTo }, toSeq: { $gt: clearedSeq } },
    { ...FROM_PRIMARY, projection: { toSeq: 1 }, batchSize: BATCH },
  );
  let batch: Stored[] = [];
  const flush = async (): Promise<void> => {
    await insertMissing(hides, batch);
    batch = [];
  };
  for await (const row of cursor) {
    const _id = newIdOf(merge._id, row._id, `hidden from ${userId}`);
    batch.push({ _id, userId, conversationId: merge._id, seq: numberOf(row['toSeq']), at: new Date() });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
}

/** Returns `n` of hidden messages, which are subtracted from the unread count. */
async function hiddenUnread(
  { hides, messages }: { hides: Messages; messages: Messages },
  merge: Merge,
  userId: string,
): Promise<Stored> {
  const hidden = await hides
    .find({ userId, conversationId: merge._id }, { projection: { seq: 1 } })
    .toArray();
  if (hidden.length === 0) return {};
  const found = await messages
    .find(
      {
        conversationId: merge._id,
        seq: { $in: hidden.map(({ seq }) => seq as number) },
        ...byOthers(userId),
      },
      { projection: { n: 1 } },
    )
    .toArray();
  // Entries before the read position have no effect, so they are not filtered out.
  return found.length === 0 ? {} : { hiddenNs: found.map(({ n }) => n as number) };
}

/** Writes the member documents. In a surviving conversation the existing state stays and the settings are added. */
async function write(
  { members }: Collections,
  merge: Merge,
  { userId, fields }: { userId: string; fields: Stored },
): Promise<void> {
  const base = { lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: 0 };
  if (merge.isSurvivor) {
    if (Object.keys(fields).length === 0) return;
    await members.updateOne(
      { conversationId: merge._id, userId },
      { $max: { ...base, ...fields }, $currentDate: { changedAt: true } },
      { upsert: true, writeConcern: COMMITTED },
    );
    return;
  }
  await insertMissing(members, [
    {
      _id: newIdOf(merge._id, userId, 'member'),
      conversationId: merge._id,
      userId,
      ...base,
      ...fields,
      changedAt: new Date(),
    },
  ]);
}
