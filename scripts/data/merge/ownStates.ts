import type { Stored, TaskContext } from '../frame/task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  collectionsOf,
  findTail,
  FROM_PRIMARY,
  insertMissing,
  newIdOf,
  numberOf,
  placeOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 500;

/** One of the two in one of the old conversations. */
interface Own {
  from: ObjectId;
  document: Stored;
  hasMessages: boolean;
}

const seqIn = (document: Stored, field: string): number => numberOf(document[field]);

/** What counts as a message that somebody else wrote. */
const byOthers = (userId: string): Stored => ({
  senderId: { $ne: userId },
  controlSeq: { $exists: false },
  shadow: { $exists: false },
});

/**
 * What the two have in the new conversation, from what they had in the old ones. A position is the furthest of those
 * that they had: what was "read" to its sender never becomes unread again. Where that passes over something that was
 * not read, the conversation is marked as unread for them.
 */
export async function copyOwnStates(context: TaskContext, merge: Merge): Promise<void> {
  const collections = collectionsOf(context);
  for (const userId of merge.participants) {
    const owns = await ownsOf(collections, merge, userId);
    if (owns.every(({ document }) => document['_id'] === undefined)) continue;
    const hidden = await hideCleared(context, merge, { userId, owns });
    const fields = merge.isSurvivor
      ? settingsOf(owns)
      : { ...(await positionsOf(collections, merge, { userId, owns })), ...hidden, ...settingsOf(owns) };
    await write(collections, merge, { userId, fields });
  }
}

async function ownsOf({ members, messages }: Collections, merge: Merge, userId: string): Promise<Own[]> {
  return Promise.all(
    merge.sources.map(async (from) => ({
      from,
      document: (await members.findOne({ conversationId: from, userId }, FROM_PRIMARY)) ?? {},
      hasMessages: (await messages.findOne({ conversationId: from, content: { $exists: true } })) !== null,
    })),
  );
}

/** Only where all that say something say the same is it archived, or off the list. */
function settingsOf(owns: readonly Own[]): Stored {
  const times = (field: string): Date[] =>
    owns.flatMap(({ document }) => (document[field] instanceof Date ? [document[field]] : []));
  const latest = (field: string): Date | undefined =>
    times(field).toSorted((a, b) => b.getTime() - a.getTime())[0];
  const [pinnedAt, mutedUntil] = [latest('pinnedAt'), latest('mutedUntil')];
  return {
    ...(pinnedAt !== undefined && { pinnedAt }),
    ...(mutedUntil !== undefined && { mutedUntil }),
    ...(owns.some(({ document }) => document['markedUnread'] === true) && { markedUnread: true }),
  };
}

async function positionsOf(
  { messages, moved }: Collections,
  merge: Merge,
  { userId, owns }: { userId: string; owns: readonly Own[] },
): Promise<Stored> {
  const furthest = async (field: string): Promise<number> =>
    Math.max(
      0,
      ...(await Promise.all(
        owns.map(({ from, document }) => placeOf(moved, from, { seq: seqIn(document, field) })),
      )),
    );
  const tail = await findTail(messages, merge._id);
  const lastReadSeq = await furthest('lastReadSeq');
  const lastDeliveredSeq = Math.max(lastReadSeq, await furthest('lastDeliveredSeq'));
  const spoken = owns.filter(({ hasMessages }) => hasMessages);
  const isArchived =
    spoken.length > 0 && spoken.every(({ document }) => document['archivedAt'] instanceof Date);
  const isOff = spoken.length > 0 && spoken.every(({ document }) => typeof document['hiddenN'] === 'number');
  const reached = Math.max(lastReadSeq, await lastSentBy(messages, merge._id, userId));
  const passed = await Promise.all(owns.map((own) => passesOver(messages, moved, { own, userId, reached })));
  return {
    ...{ lastReadSeq, lastReadN: await countAt(messages, merge._id, lastReadSeq), lastDeliveredSeq },
    ...(passed.includes(true) && { markedUnread: true }),
    ...(isArchived && { archivedAt: spoken[0]?.document['archivedAt'] as Date, archivedN: tail.n }),
    ...(isOff && { hiddenSeq: tail.seq, hiddenN: tail.n }),
  };
}

type Messages = Collections['messages'];

/** Whether something that was not read in an old conversation lies before the position in the new one. */
async function passesOver(
  messages: Messages,
  moved: Messages,
  { own, userId, reached }: { own: Own; userId: string; reached: number },
): Promise<boolean> {
  const { from, document } = own;
  const sent = await lastSentBy(messages, from, userId);
  const done = Math.max(seqIn(document, 'lastReadSeq'), seqIn(document, 'clearedSeq'), sent);
  const [first] = await messages
    .find({ conversationId: from, seq: { $gt: done }, ...byOthers(userId) }, FROM_PRIMARY)
    .sort({ seq: 1 })
    .limit(1)
    .toArray();
  return first !== undefined && (await placeOf(moved, from, { seq: numberOf(first['seq']) })) <= reached;
}

export async function lastSentBy(
  messages: Messages,
  conversationId: ObjectId,
  userId: string,
): Promise<number> {
  const [last] = await messages
    .find(
      { conversationId, senderId: userId, controlSeq: { $exists: false }, shadow: { $exists: false } },
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
 * What somebody has cleared stays out of their sight: as a beginning of the new log as far as everything is cleared up
 * to there, and behind it message by message.
 */
async function hideCleared(
  context: TaskContext,
  merge: Merge,
  { userId, owns }: { userId: string; owns: readonly Own[] },
): Promise<Stored> {
  const { messages, moved } = collectionsOf(context);
  const hides = context.collection('hides');
  const firstKept = await Promise.all(
    owns.map(async ({ from, document }) => {
      const [row] = await moved
        .find({ conversationId: from, seq: { $gt: seqIn(document, 'clearedSeq') } }, FROM_PRIMARY)
        .sort({ seq: 1 })
        .limit(1)
        .toArray();
      return row === undefined ? Infinity : numberOf(row['toSeq']);
    }),
  );
  const tail = await findTail(messages, merge._id);
  const isCleared = owns.some(({ document }) => seqIn(document, 'clearedSeq') > 0);
  const clearedSeq = isCleared ? Math.min(tail.seq, Math.min(...firstKept) - 1) : 0;
  for (const { from, document } of owns) {
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

/** The numbers among the counted messages of what is hidden and not read. */
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
  // Those before the read position are not looked at: they cost nothing but their place.
  return found.length === 0 ? {} : { hiddenNs: found.map(({ n }) => n as number) };
}

/** A surviving conversation keeps what people have there; what they had set in the empty ones comes on top. */
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
      ...{ conversationId: merge._id, userId, ...base, ...fields, changedAt: new Date() },
    },
  ]);
}
