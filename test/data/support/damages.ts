import mongoose from 'mongoose';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import { createDataWorld, type DataWorld } from '../../support/dataScript.js';

import { Killed, killedAfter } from './killed.js';

const { ObjectId } = mongoose.Types;
type Id = mongoose.Types.ObjectId;
export type Doc = Record<string, unknown>;

/** Context of a damage: a pair, a third user, and a stranger. Each damage has its own users. */
export interface Site {
  world: DataWorld;
  /** Suffix of the user ids of one damage. */
  tag: string;
}

const AT = new Date(Date.UTC(2026, 0, 1));
const collection = ({ world }: Site, name: string) => world.connection.collection<Doc>(name);
export const people = ({ tag }: Site): [string, string, string, string] => [
  `ann${tag}`,
  `bob${tag}`,
  `cem${tag}`,
  `dan${tag}`,
];

/** Stores a conversation like a server; `more` replaces fields, and `undefined` removes one. */
export async function storeConversation(site: Site, members: string[], more: Doc = {}): Promise<Id> {
  const _id = new ObjectId();
  const [a = '', b = ''] = members;
  const document: Doc = {
    ...{ _id, type: 'direct', participants: members.toSorted(), participantsKey: participantsKey(a, b) },
    ...{ createdBy: a, memberCount: members.length, lastSeq: 0, messageCount: 0, rev: 0 },
    ...{ lastSent: members.map(() => 0), lastSentN: members.map(() => 0), maybeUnread: [], occasions: [] },
    ...{ lastMessageAt: AT, createdAt: AT, changedAt: AT, ...more },
  };
  const stored = Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
  await collection(site, 'conversations').insertOne(stored);
  return _id;
}

/** Stores messages of these senders with seq 1, 2, 3 …, and updates the conversation. */
export async function storeMessages(site: Site, conversationId: Id, senders: string[]): Promise<void> {
  await collection(site, 'messages').insertMany(
    senders.map((senderId, index) => ({
      ...{ conversationId, seq: index + 1, n: index + 1, control: 0, senderId, kind: 'text' },
      ...{ clientMessageId: `m${index}`, payloadHash: '', content: `text ${index}`, createdAt: AT },
    })),
  );
  const { length } = senders;
  const set = { lastSeq: length, messageCount: length };
  await collection(site, 'conversations').updateOne({ _id: conversationId }, { $set: set });
}

const pairOf = async (site: Site, more: Doc = {}): Promise<Id> => {
  const [a, b] = people(site);
  const id = await storeConversation(site, [a, b], more);
  await storeMessages(site, id, [a, b, a]);
  return id;
};

/** A message stored by an old program without a server. */
const placeless = (conversationId: Id, senderId: string, more: Doc = {}): Doc => ({
  ...{ conversationId, senderId, content: 'from an old program', createdAt: new Date() },
  ...more,
});

const set = (at: { site: Site; name: string }, filter: Doc, fields: Doc) =>
  collection(at.site, at.name).updateMany(filter, { $set: fields });

const group = async (site: Site): Promise<Id> => {
  const [a, b] = people(site);
  const id = await storeConversation(site, [a, b], {
    ...{ type: 'group', name: 'Trip', participantsKey: undefined, control: 1, removalSeq: 0 },
    ...{ lastSeq: 1, history: 'all', open: false, lastSent: undefined, lastSentN: undefined },
  });
  const members = [
    { userId: a, role: 'owner' },
    { userId: b, role: 'member' },
  ];
  await collection(site, 'messages').insertOne({
    ...{ conversationId: id, seq: 1, n: 0, control: 1, controlSeq: 1, senderId: a, kind: 'system' },
    ...{ clientMessageId: 'sys:1', payloadHash: '', content: '', createdAt: AT },
    action: { type: 'created', members, name: 'Trip', history: 'all', open: false },
  });
  await collection(site, 'members').insertMany(
    members.map(({ userId, role }) => ({
      ...{ conversationId: id, userId, role, rank: role === 'owner' ? 0 : 2, joinedSeq: 1, changedAt: AT },
      ...{ lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: 0 },
    })),
  );
  return id;
};

/** Runs a task that is killed before one of its writes. */
async function kill({ world }: Site, task: string, write: number): Promise<void> {
  // A separate connection: its cached state ends with the task.
  await using other = await createDataWorld(world.databaseName);
  const { connection, death } = killedAfter(other.connection, write);
  try {
    await Promise.race([other.runHere(task, {}, connection), death]);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  // The task has created the unique indexes of the logs. They are dropped, because later damage violates them.
  await world.connection.collection('messages').dropIndexes();
}

/** Every kind of damage, by name. Killed tasks come first: otherwise they would repair the other damage. */
export const DAMAGES: Record<string, (site: Site) => Promise<unknown>> = {
  'a merge that was killed': async (site) => {
    await pairOf(site);
    await pairOf(site, { participantsKey: undefined });
    await kill(site, 'cleanup-duplicate-chats', 6);
  },
  'a split that was killed': async (site) => {
    const [a, b, c] = people(site);
    const id = await storeConversation(site, [a, b, c]);
    await storeMessages(site, id, [a, b, a, c, a]);
    await kill(site, 'split-group-conversations', 12);
  },
  none: (site) => pairOf(site),
  'counters off': (site) =>
    pairOf(site, { memberCount: 7 }).then((_id) =>
      set({ site, name: 'conversations' }, { _id }, { lastSeq: 9, messageCount: 5 }),
    ),
  'numbers of messages off': (site) =>
    pairOf(site).then((conversationId) =>
      set({ site, name: 'messages' }, { conversationId }, { n: 40, control: 3 }),
    ),
  'shadow: false': (site) =>
    pairOf(site).then((conversationId) =>
      set({ site, name: 'messages' }, { conversationId, seq: 2 }, { shadow: false }),
    ),
  'a membership event that does not say so': (site) =>
    pairOf(site).then((conversationId) =>
      set(
        { site, name: 'messages' },
        { conversationId, seq: 2 },
        { action: { type: 'blocked', by: 'x', blocked: true } },
      ),
    ),
  'no key': (site) => pairOf(site, { participantsKey: undefined }),
  'a key of others': (site) => pairOf(site, { participantsKey: `wrong${site.tag}` }),
  'keys of two pairs exchanged': async (site) => {
    const [a, b, c] = people(site);
    await storeConversation(site, [a, b], { participantsKey: participantsKey(a, c) });
    await storeConversation(site, [a, c], { participantsKey: participantsKey(a, b) });
  },
  'a pair waits for a key that another holds wrongly': async (site) => {
    const [a, b, c] = people(site);
    await storeConversation(site, [a, c], { participantsKey: undefined });
    await storeConversation(site, [a, b], { participantsKey: participantsKey(a, c) });
  },
  'a group with a key': (site) =>
    storeConversation(site, people(site).slice(0, 3), { type: 'group', participantsKey: `held${site.tag}` }),
  duplicates: async (site) => {
    await pairOf(site);
    await pairOf(site, { participantsKey: undefined });
  },
  'duplicates with a placeless message': async (site) => {
    const [a] = people(site);
    const id = await pairOf(site);
    await pairOf(site, { participantsKey: undefined });
    await collection(site, 'messages').insertOne(placeless(id, a, { clientMessageId: 'p1' }));
  },
  'duplicates with a placeless message of a stranger': async (site) => {
    const [, , , stranger] = people(site);
    const id = await pairOf(site);
    await pairOf(site, { participantsKey: undefined });
    await collection(site, 'messages').insertOne(placeless(id, stranger, { clientMessageId: 'p1' }));
  },
  'placeless messages': async (site) => {
    const [a, b] = people(site);
    const id = await pairOf(site);
    await collection(site, 'messages').insertMany([
      ...[placeless(id, a), placeless(id, b, { seq: 'five', clientMessageId: 'p2' })],
      placeless(id, b, { clientMessageId: 'p3', n: 12 }),
    ]);
  },
  'a placeless message of a stranger': async (site) => {
    const [, , , stranger] = people(site);
    const id = await pairOf(site);
    await collection(site, 'messages').insertOne(placeless(id, stranger, { clientMessageId: 'p1' }));
  },
  'a placeless message in an ended chat': async (site) => {
    const [a] = people(site);
    const target = await pairOf(site);
    const id = await storeConversation(site, [], { participantsKey: undefined, mergedInto: target });
    await collection(site, 'messages').insertOne(placeless(id, a, { clientMessageId: 'p1' }));
  },
  'a hole': (site) =>
    pairOf(site).then((conversationId) => collection(site, 'messages').deleteOne({ conversationId, seq: 2 })),
  'three people': async (site) => {
    const [a, b, c] = people(site);
    const id = await storeConversation(site, [a, b, c]);
    await storeMessages(site, id, [a, b, a, c, a]);
  },
  'three people and a placeless message': async (site) => {
    const [a, b, c] = people(site);
    const id = await storeConversation(site, [a, b, c]);
    await storeMessages(site, id, [a, b, c]);
    await collection(site, 'messages').insertOne(placeless(id, c, { clientMessageId: 'p1' }));
  },
  'a killed split': async (site) => {
    const [a, b, c] = people(site);
    const id = await storeConversation(site, [a, b, c], { participantsKey: undefined });
    await storeMessages(site, id, [a, b, a]);
    await set({ site, name: 'conversations' }, { _id: id }, { mergedInto: id });
  },
  'an unknown type': (site) => pairOf(site, { type: 'party', memberCount: 9 }),
  'no list of members': (site) => pairOf(site, { participants: 'ann and bob' }),
  'nobody in it': (site) => storeConversation(site, [], { participantsKey: undefined }),
  'leads nowhere': (site) => pairOf(site, { participantsKey: undefined, mergedInto: new ObjectId() }),
  'a key that leads nowhere': async (site) => {
    await pairOf(site, { mergedInto: new ObjectId() });
    await pairOf(site, { participantsKey: undefined });
  },
  'a message without its conversation': (site) =>
    collection(site, 'messages').insertOne({
      ...{
        conversationId: new ObjectId(),
        seq: 1,
        n: 1,
        control: 0,
        senderId: people(site)[0],
        kind: 'text',
      },
      ...{ clientMessageId: 'o1', payloadHash: '', content: 'lost', createdAt: AT },
    }),
  'a message of a stranger': (site) =>
    pairOf(site).then((conversationId) =>
      set({ site, name: 'messages' }, { conversationId, seq: 2 }, { senderId: people(site)[3] }),
    ),
  'a group whose counts are off': (site) =>
    group(site).then((_id) =>
      set(
        { site, name: 'conversations' },
        { _id },
        { memberCount: 6, messageCount: 3, control: 0, participants: ['x'] },
      ),
    ),
  'a group whose log has lost its beginning': (site) =>
    group(site).then((conversationId) =>
      set({ site, name: 'messages' }, { conversationId }, { action: { type: 'renamed', name: 'x' } }).then(
        () => set({ site, name: 'conversations' }, { _id: conversationId }, { memberCount: 9 }),
      ),
    ),
  'a group with a member whom its log does not know': async (site) => {
    const conversationId = await group(site);
    await collection(site, 'members').insertOne({
      ...{ conversationId, userId: people(site)[3], role: 'member', rank: 2, joinedSeq: 1, changedAt: AT },
    });
  },
  'a group without a member’s document': (site) =>
    group(site).then((conversationId) =>
      collection(site, 'members').deleteOne({ conversationId, userId: people(site)[1] }),
    ),
};
