import * as fc from 'fast-check';
import mongoose from 'mongoose';
import { expect } from 'vitest';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { DataWorld } from '../../support/dataScript.js';

export type Doc = Record<string, unknown>;
const { ObjectId } = mongoose.Types;
const START = Date.UTC(2026, 0, 1);

/** One message of a random history: the duplicate it is in, its sender, and the time since the previous one. */
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

/** Three conversations of one pair, and their damage. */
export interface World {
  history: Said[];
  damages: string[];
  cleared: number;
  /** Index of the chat that holds the key; none if it is out of range. */
  keyAt: number;
}

export const world: fc.Arbitrary<World> = fc.record({
  history: fc.array(said, { minLength: 1, maxLength: 40 }),
  damages: fc.array(damage, { maxLength: 3 }),
  cleared: fc.integer({ min: 0, max: 5 }),
  keyAt: fc.integer({ min: 0, max: 3 }),
});

export type Pair = readonly [string, string];
export const PAIR: Pair = ['ann', 'b_b'];

/** Stores three conversations of one pair like a server, and damages them. */
export async function build(
  target: DataWorld,
  { history, damages, cleared, keyAt }: World,
  pair: Pair = PAIR,
): Promise<void> {
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
      ...{ _id: new ObjectId(), conversationId: chat._id, seq, n: seq, control: 0, senderId: pair[one.by] },
      ...{ clientMessageId: `c${index}`, payloadHash: `h${index}`, kind: 'text' },
      ...{ content: one.deleted ? '' : `text ${index}`, createdAt: new Date(nowMs) },
      ...(one.replies && seq > 1 && { replyTo: seq - 1 }),
      ...(edit && { editedAt: new Date(nowMs), editRev: chat.changes.length + 1 }),
      ...(one.deleted && { deletedAt: new Date(nowMs), deletedBy: pair[one.by] }),
    });
    if (!edit && !one.deleted) return;
    chat.changes.push({
      ...{ _id: new ObjectId(), conversationId: chat._id, rev: chat.changes.length + 1, seq },
      ...{ kind: edit ? 'edit' : 'delete', by: pair[one.by], at: new Date(nowMs) },
      what: edit ? { content: `text ${index}`, was: 'before' } : {},
    });
  });
  const key = participantsKey(...pair);
  for (const [index, chat] of chats.entries()) {
    const last = chat.messages.at(-1);
    const lastSeq = chat.messages.length;
    const sent = pair.map(
      (user) => chat.messages.findLast(({ senderId }) => senderId === user)?.['seq'] ?? 0,
    );
    await collection('conversations').insertOne({
      ...{ _id: chat._id, type: 'direct', participants: [...pair], createdBy: pair[0], memberCount: 2 },
      ...(index === keyAt && { participantsKey: key }),
      ...{ lastSeq, messageCount: lastSeq, rev: chat.changes.length, lastSent: sent, lastSentN: sent },
      ...(last && {
        tail: { seq: lastSeq, id: last['_id'], control: 0 },
        shown: { seq: lastSeq, id: last['_id'] },
      }),
      ...{ occasions: [], maybeUnread: [...pair], createdAt: new Date(START) },
      ...{ lastMessageAt: last?.['createdAt'] ?? new Date(START), changedAt: new Date(START) },
    });
    await collection('members').insertOne({
      ...{
        conversationId: chat._id,
        userId: pair[0],
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

/** Returns all messages that a reader may see, including duplicates. */
export async function seenBy(target: DataWorld, userId: string): Promise<string[]> {
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

/** Checks that one conversation of the pair is left, and that it is consistent. */
export async function check(target: DataWorld, pair: Pair = PAIR): Promise<void> {
  const { connection } = target;
  const conversations = await connection
    .collection('conversations')
    .find({ participants: [...pair] })
    .toArray();
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
