import type { Stored } from '../frame/stored.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import {
  FROM_PRIMARY,
  findTail,
  insertMissing,
  newIdOf,
  numberOf,
  throwLostRaceOr,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

const BATCH = 500;

/** True for the seal entry of a log. It stays in the old log; all other entries move. */
export const isSeal = (message: Stored): boolean =>
  (message['action'] as { type?: unknown } | undefined)?.type === 'sealed';

interface Source {
  waiting: Stored[];
  /** True when the log has more messages after `waiting`. */
  isCut: boolean;
}

const timeOf = (message: Stored): number => {
  const { createdAt, _id } = message as { createdAt?: unknown; _id: ObjectId };
  return createdAt instanceof Date ? createdAt.getTime() : _id.getTimestamp().getTime();
};

const isEarlier = (a: Stored, b: Stored): boolean =>
  timeOf(a) < timeOf(b) || (timeOf(a) === timeOf(b) && String(a['_id']) < String(b['_id']));

/**
 * Appends the next messages of the old logs to the new one: ordered by time, while each log keeps its own order. A
 * reply therefore never precedes the message it replies to, even if the clocks of two servers differed.
 *
 * The progress is stored in the new log and in `moved`. Messages that a killed run inserted without a row in `moved`
 * get their rows first. Another run, or a server that writes to the same log, may take a `seq`; then everything is read
 * again.
 *
 * @returns the number of copied messages; 0 when nothing is left.
 */
export async function copyMessages(collections: Collections, merge: Merge): Promise<number> {
  const { messages, moved } = collections;
  const sources = await Promise.all(merge.sources.map((id) => openSource(collections, id)));
  const noted = await noteInserted(collections, merge, sources);
  const batch = noted > 0 ? [] : interleave(sources);
  if (batch.length === 0) return noted;
  const tail = await findTail(messages, merge._id);
  const rows = await assignSeqs(collections, merge, { batch, tail });
  await copyArchived(collections, rows);
  try {
    await messages.insertMany(
      rows.map(({ document }) => document),
      { ordered: true, writeConcern: COMMITTED },
    );
  } catch (error) {
    throwLostRaceOr(error);
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

/** Merges the logs by time. Stops where the next page of a log must be read first. */
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

interface MessageCopy {
  document: Stored;
  row: Stored;
}

interface Wanted {
  batch: readonly Stored[];
  tail: { seq: number; n: number; control: number };
}

async function assignSeqs(
  collections: Collections,
  merge: Merge,
  { batch, tail }: Wanted,
): Promise<MessageCopy[]> {
  const replies = await findReplies(collections, batch);
  const taken = await findTakenIds(collections, merge, batch);
  let end = tail;
  return batch.map((old) => {
    const isMembershipEvent = typeof old['controlSeq'] === 'number';
    const seq = end.seq + 1;
    const isCounted = !isMembershipEvent && old['shadow'] !== true;
    end = { seq, n: end.n + (isCounted ? 1 : 0), control: isMembershipEvent ? seq : end.control };
    replies.set(seqKey(old['conversationId'], old['seq']), seq);
    const replyTo = replies.get(seqKey(old['conversationId'], old['replyTo']));
    const document = toNew(old, { merge, end, isMembershipEvent, replyTo });
    const name = `${String(old['senderId'])}\u0000${String(old['clientMessageId'])}`;
    if (taken.has(name)) document['clientMessageId'] = `import:${String(old['_id'])}`;
    taken.add(name);
    return { document, row: toRow(old, document, merge) };
  });
}

const seqKey = (id: unknown, seq: unknown): string => `${String(id)} ${String(seq)}`;

/** Fields that follow from the position in the log. All other fields of a message are copied unchanged. */
const POSITION_FIELDS = ['seq', 'n', 'control', 'controlSeq', 'replyTo', 'editRev', 'reactRev'] as const;
const KEPT_FIELDS = [...POSITION_FIELDS, 'clientMessageId'] as const;

function toNew(
  old: Stored,
  {
    merge,
    end,
    isMembershipEvent,
    replyTo,
  }: { merge: Merge; end: Wanted['tail']; isMembershipEvent: boolean; replyTo: number | undefined },
): Stored {
  const document: Stored = {
    ...old,
    _id: newIdOf(merge._id, old['_id']),
    conversationId: merge._id,
    ...end,
    ...(isMembershipEvent && { controlSeq: end.seq }),
    // Set when the changes are copied, because their new `rev` is not known before.
    ...(old['editRev'] !== undefined && { editRev: 0 }),
    ...(old['reactRev'] !== undefined && { reactRev: 0 }),
    ...(old['replyTo'] !== undefined && { replyTo }),
  };
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}

/** Copies the content of archived messages, before their stubs are inserted. */
async function copyArchived({ archived }: Collections, rows: readonly MessageCopy[]): Promise<void> {
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

/** Stores archived content under the id of another message. */
export async function putArchived(
  archived: Collections['archived'],
  from: Stored,
  { _id, conversationId, seq, editRev }: Stored,
): Promise<void> {
  const to = {
    _id: _id as ObjectId,
    conversationId: conversationId as ObjectId,
    seq: numberOf(seq),
    ...(from['editRev'] !== undefined && { editRev: numberOf(editRev) }),
  };
  await archived.replaceOne({ _id: to._id }, { ...from, ...to }, { upsert: true, writeConcern: COMMITTED });
}

/** Row in `moved`: maps the old `seq` to the new one, and holds what is needed to restore the old message. */
function toRow(old: Stored, document: Stored, merge: Merge): Stored {
  const was = KEPT_FIELDS.filter((name) => old[name] !== undefined && old[name] !== document[name]);
  const lost = Object.keys(old).some((name) => document[name] === undefined);
  return {
    _id: old['_id'] as ObjectId,
    conversationId: old['conversationId'] as ObjectId,
    into: merge._id,
    newId: document['_id'] as ObjectId,
    seq: old['seq'] as number,
    toSeq: document['seq'] as number,
    was: Object.fromEntries(was.map((name) => [name, old[name] as unknown])),
    lacked: Object.keys(document).filter((name) => old[name] === undefined),
    ...(lost && { order: Object.keys(old) }),
  };
}

/** Restores the old message from its copy, with its fields in their original order. */
export function toOld(copy: Stored, row: Stored): Stored {
  const lacked = row['lacked'] as string[];
  const old: Stored = {
    ...copy,
    ...(row['was'] as Stored),
    _id: row['_id'] as ObjectId,
    conversationId: row['conversationId'] as ObjectId,
  };
  const names = (row['order'] as string[] | undefined) ?? Object.keys(old);
  return Object.fromEntries(
    names.filter((name) => !lacked.includes(name)).map((name) => [name, old[name] as unknown]),
  );
}

/** Returns the new `seq` of the messages that these ones reply to, by old conversation and `seq`. */
async function findReplies({ moved }: Collections, batch: readonly Stored[]): Promise<Map<string, number>> {
  const replies = batch.filter(({ replyTo }) => typeof replyTo === 'number');
  if (replies.length === 0) return new Map();
  const rows = await Promise.all(
    [...new Set(replies.map(({ conversationId }) => String(conversationId)))].map((id) => {
      const ofLog = replies.filter(({ conversationId }) => String(conversationId) === id);
      const seqs = ofLog.map(({ replyTo }) => replyTo as number);
      return moved
        .find({ conversationId: ofLog[0]?.['conversationId'] as ObjectId, seq: { $in: seqs } }, FROM_PRIMARY)
        .toArray();
    }),
  );
  return new Map(
    rows.flat().map((row) => [seqKey(row['conversationId'], row['seq']), numberOf(row['toSeq'])]),
  );
}

/**
 * Returns client ids that the new log already contains: a message sent to two duplicates is in both, but an id must be
 * unique in a log.
 */
async function findTakenIds(
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

/** Adds missing rows to `moved` for messages that a killed run had inserted. @returns the number of rows. */
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
