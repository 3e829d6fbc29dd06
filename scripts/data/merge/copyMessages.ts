import type { Stored } from '../frame/task.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  findTail,
  insertMissing,
  newIdOf,
  numberOf,
  outrunOr,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 500;

/** The seal of a log stays where it is: everything before it moves. */
export const isSeal = (message: Stored): boolean =>
  (message['action'] as { type?: unknown } | undefined)?.type === 'sealed';

interface Source {
  waiting: Stored[];
  /** More comes behind what waits. */
  isCut: boolean;
}

const timeOf = (message: Stored): number => {
  const { createdAt, _id } = message as { createdAt?: unknown; _id: ObjectId };
  return createdAt instanceof Date ? createdAt.getTime() : _id.getTimestamp().getTime();
};

const isEarlier = (a: Stored, b: Stored): boolean =>
  timeOf(a) < timeOf(b) || (timeOf(a) === timeOf(b) && String(a['_id']) < String(b['_id']));

/**
 * Copies the next messages of the old logs behind the end of the new one: by time, while each log keeps its own order
 * (an answer never comes before what it answers, whatever the clocks of two servers said).
 *
 * How far it has come stands in the new log and in `moved`; what was inserted and not noted by a run that was killed is
 * noted first. Another run, or a server that writes to the same log, can take a place: then all is read again.
 *
 * @returns how many were copied; 0 when nothing is left.
 */
export async function copyMessages(collections: Collections, merge: Merge): Promise<number> {
  const { messages, moved } = collections;
  const sources = await Promise.all(merge.sources.map((id) => openSource(collections, id)));
  const noted = await noteInserted(collections, merge, sources);
  const batch = noted > 0 ? [] : interleave(sources);
  if (batch.length === 0) return noted;
  const tail = await findTail(messages, merge._id);
  const rows = await place(collections, merge, { batch, tail });
  await copyArchived(collections, rows);
  try {
    await messages.insertMany(
      rows.map(({ document }) => document),
      { ordered: true, writeConcern: COMMITTED },
    );
  } catch (error) {
    outrunOr(error);
  }
  await insertMissing(
    moved,
    rows.map(({ row }) => row),
  );
  return rows.length;
}

async function openSource({ messages, moved }: Collections, conversationId: ObjectId): Promise<Source> {
  const [last] = await moved
    .find({ conversationId, seq: { $gt: 0 } }, FROM_PRIMARY)
    .sort({ seq: -1 })
    .limit(1)
    .toArray();
  const waiting = await messages
    .find({ conversationId, seq: { $gt: numberOf(last?.['seq']) } }, FROM_PRIMARY)
    .sort({ seq: 1 })
    .limit(BATCH)
    .toArray();
  return { waiting: waiting.filter((message) => !isSeal(message)), isCut: waiting.length >= BATCH };
}

/** The heads of the logs by time; ends where one of them has to be read on. */
function interleave(sources: readonly Source[]): Stored[] {
  const batch: Stored[] = [];
  const lanes = sources.map(({ waiting, isCut }) => ({ rest: [...waiting], isCut }));
  while (batch.length < BATCH) {
    let first: (typeof lanes)[number] | undefined;
    for (const lane of lanes) {
      const [head] = lane.rest;
      if (head === undefined) {
        if (lane.isCut) return batch;
        continue;
      }
      const [best] = first?.rest ?? [];
      if (best === undefined || isEarlier(head, best)) first = lane;
    }
    const head = first?.rest.shift();
    if (head === undefined) return batch;
    batch.push(head);
  }
  return batch;
}

interface Placed {
  document: Stored;
  row: Stored;
}

interface Wanted {
  batch: readonly Stored[];
  tail: { seq: number; n: number; control: number };
}

async function place(collections: Collections, merge: Merge, { batch, tail }: Wanted): Promise<Placed[]> {
  const replies = await findReplies(collections, batch);
  const taken = await findTakenNames(collections, merge, batch);
  let end = tail;
  return batch.map((old) => {
    const isControl = typeof old['controlSeq'] === 'number';
    const seq = end.seq + 1;
    const isCounted = !isControl && old['shadow'] !== true;
    end = { seq, n: end.n + (isCounted ? 1 : 0), control: isControl ? seq : end.control };
    replies.set(placeName(old['conversationId'], old['seq']), seq);
    const replyTo = replies.get(placeName(old['conversationId'], old['replyTo']));
    const document = toNew(old, { merge, end, isControl, replyTo });
    const name = `${String(old['senderId'])}\u0000${String(old['clientMessageId'])}`;
    if (taken.has(name)) document['clientMessageId'] = `import:${String(old['_id'])}`;
    taken.add(name);
    return { document, row: toRow(old, document, merge) };
  });
}

const placeName = (id: unknown, seq: unknown): string => `${String(id)} ${String(seq)}`;

/** Fields that a message has of its place: nothing else of it changes. */
const PLACE_FIELDS = ['seq', 'n', 'control', 'controlSeq', 'replyTo', 'editRev', 'reactRev'] as const;
const KEPT_FIELDS = [...PLACE_FIELDS, 'clientMessageId'] as const;

function toNew(
  old: Stored,
  {
    merge,
    end,
    isControl,
    replyTo,
  }: { merge: Merge; end: Wanted['tail']; isControl: boolean; replyTo: number | undefined },
): Stored {
  const document: Stored = {
    ...old,
    ...{ _id: newIdOf(merge._id, old['_id']), conversationId: merge._id, ...end },
    ...(isControl && { controlSeq: end.seq }),
    // Set when the changes are copied: then their new places are known.
    ...(old['editRev'] !== undefined && { editRev: 0 }),
    ...(old['reactRev'] !== undefined && { reactRev: 0 }),
    ...(old['replyTo'] !== undefined && { replyTo }),
  };
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}

/** Of an archived message what it says lies elsewhere: it is there before the message is. */
async function copyArchived({ archived }: Collections, rows: readonly Placed[]): Promise<void> {
  const stubs = new Map(
    rows
      .filter(({ document }) => document['archived'] === true)
      .map(({ document, row }) => [String(row['_id']), document]),
  );
  if (stubs.size === 0) return;
  const found = await archived
    .find({ _id: { $in: rows.map(({ row }) => row['_id'] as ObjectId) } }, FROM_PRIMARY)
    .toArray();
  for (const old of found) {
    const stub = stubs.get(String(old._id));
    if (stub !== undefined) await putArchived(archived, old, stub);
  }
}

/** An archived text under another message. */
export async function putArchived(
  archived: Collections['archived'],
  from: Stored,
  { _id, conversationId, seq, editRev }: Stored,
): Promise<void> {
  const to = {
    ...{ _id: _id as ObjectId, conversationId: conversationId as ObjectId, seq: numberOf(seq) },
    ...(from['editRev'] !== undefined && { editRev: numberOf(editRev) }),
  };
  await archived.replaceOne({ _id: to._id }, { ...from, ...to }, { upsert: true, writeConcern: COMMITTED });
}

/** What leads from the old place to the new one, and back. */
function toRow(old: Stored, document: Stored, merge: Merge): Stored {
  const was = KEPT_FIELDS.filter((name) => old[name] !== undefined && old[name] !== document[name]);
  const lost = Object.keys(old).some((name) => document[name] === undefined);
  return {
    _id: old['_id'] as ObjectId,
    ...{
      conversationId: old['conversationId'] as ObjectId,
      into: merge._id,
      newId: document['_id'] as ObjectId,
    },
    ...{ seq: old['seq'] as number, toSeq: document['seq'] as number },
    was: Object.fromEntries(was.map((name) => [name, old[name] as unknown])),
    lacked: Object.keys(document).filter((name) => old[name] === undefined),
    ...(lost && { order: Object.keys(old) }),
  };
}

/** The old message, from its copy: every field in its old place. */
export function toOld(copy: Stored, row: Stored): Stored {
  const lacked = row['lacked'] as string[];
  const old: Stored = {
    ...copy,
    ...(row['was'] as Stored),
    ...{ _id: row['_id'] as ObjectId, conversationId: row['conversationId'] as ObjectId },
  };
  const names = (row['order'] as string[] | undefined) ?? Object.keys(old);
  return Object.fromEntries(
    names.filter((name) => !lacked.includes(name)).map((name) => [name, old[name] as unknown]),
  );
}

/** Where the messages are that these ones answer, by their old places. */
async function findReplies({ moved }: Collections, batch: readonly Stored[]): Promise<Map<string, number>> {
  const places = batch.filter(({ replyTo }) => typeof replyTo === 'number');
  if (places.length === 0) return new Map();
  const rows = await Promise.all(
    [...new Set(places.map(({ conversationId }) => String(conversationId)))].map((id) => {
      const own = places.filter(({ conversationId }) => String(conversationId) === id);
      const seqs = own.map(({ replyTo }) => replyTo as number);
      return moved
        .find({ conversationId: own[0]?.['conversationId'] as ObjectId, seq: { $in: seqs } }, FROM_PRIMARY)
        .toArray();
    }),
  );
  return new Map(
    rows.flat().map((row) => [placeName(row['conversationId'], row['seq']), numberOf(row['toSeq'])]),
  );
}

/** The same message sent to both of two duplicates is in both: in one log a name may be there once. */
async function findTakenNames(
  { messages }: Collections,
  merge: Merge,
  batch: readonly Stored[],
): Promise<Set<string>> {
  const found = await messages
    .find(
      {
        conversationId: merge._id,
        senderId: { $in: [...new Set(batch.map(({ senderId }) => senderId as string))] },
        clientMessageId: { $in: batch.map(({ clientMessageId }) => clientMessageId as string) },
      },
      { ...FROM_PRIMARY, projection: { senderId: 1, clientMessageId: 1 } },
    )
    .toArray();
  return new Set(
    found.map(({ senderId, clientMessageId }) => `${String(senderId)}\u0000${String(clientMessageId)}`),
  );
}

/** Notes what is in the new log and not in `moved`: the last batch of a run that was killed. @returns how many. */
async function noteInserted(
  { messages, moved }: Collections,
  merge: Merge,
  sources: readonly Source[],
): Promise<number> {
  const olds = new Map(
    sources.flatMap(({ waiting }) =>
      waiting.map((old) => [newIdOf(merge._id, old['_id']).toHexString(), old] as const),
    ),
  );
  if (olds.size === 0) return 0;
  const ids = [...olds.values()].map((old) => newIdOf(merge._id, old['_id']));
  const inserted = await messages.find({ _id: { $in: ids } }, FROM_PRIMARY).toArray();
  const rows = inserted.flatMap((document) => {
    const old = olds.get(String(document._id));
    return old === undefined ? [] : [toRow(old, document, merge)];
  });
  await insertMissing(moved, rows);
  return rows.length;
}
