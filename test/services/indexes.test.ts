import mongoose from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ConversationId, MessageId, UserId } from '../../contract/index.js';
import { GONE, RANKS } from '../../backend/src/models/memberDocument.js';
import { createModels, type Models } from '../../backend/src/models/index.js';
import { newConversationId, newMessageId } from '../../backend/src/models/objectIds.js';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { newDatabaseName } from '../support/server.js';

const ALICE = 'alice' as UserId;
const CONVERSATIONS = 300;
const MESSAGES = 2_000;
const NEVER = { changedAt: new Date(0), _id: '0'.repeat(24), conversationId: '0'.repeat(24) };

let connection: mongoose.Connection;
let models: Models;
let ids: ConversationId[];
let messageIds: MessageId[];
const chat = newConversationId();
const aMessage = newMessageId();

/** Enough of everything that a plan without an index would be a scan. */
async function seed(): Promise<void> {
  const now = new Date();
  ids = [chat, ...Array.from({ length: CONVERSATIONS - 1 }, newConversationId)];
  await models.conversations.model.insertMany(
    ids.map((_id, index) => ({
      ...{ _id, type: 'direct', participantsKey: participantsKey(ALICE, `u${index}`) },
      ...{
        participants: [ALICE, `u${index}`],
        createdBy: ALICE,
        lastSeq: 1,
        lastMessageAt: now,
        changedAt: now,
      },
      maybeUnread: index % 2 === 0 ? [ALICE] : [],
    })),
  );
  await models.members.model.insertMany(
    ids.map((conversationId, index) => ({
      ...{ conversationId, userId: ALICE, lastReadSeq: 1, lastDeliveredSeq: 1, changedAt: now },
      ...{ role: 'member', rank: index % 10 === 0 ? GONE : RANKS.member, joinedSeq: 0 },
      ...(index % 10 === 1 && { apart: true }),
    })),
  );
  await models.users.model.insertMany(
    Array.from({ length: CONVERSATIONS }, (_, index) => ({
      _id: `u${index}`,
      profileChangedAt: now,
      createdAt: now,
    })),
  );
  messageIds = [aMessage, ...Array.from({ length: MESSAGES - 1 }, newMessageId)];
  await models.messages.insert(
    messageIds.map((_id, index) => ({
      ...{
        _id,
        conversationId: chat,
        seq: index + 1,
        n: index + 1,
        control: 0,
        senderId: ALICE,
        kind: 'text' as const,
      },
      ...{ clientMessageId: `m${index}`, payloadHash: 'h', content: 'text', createdAt: now },
      ...(index % 50 === 0 && { controlSeq: index + 1 }),
    })),
    { ordered: true },
  );
}

const BY_KEY = 'participantsKey_1';
const BY_LAST_MESSAGE = 'participants_1_lastMessageAt_-1__id_-1';
const BY_CHANGE = 'participants_1_changedAt_1__id_1';
const BY_RANK = 'conversationId_1_rank_1_joinedSeq_1_userId_1';
const BY_POSITION = 'conversationId_1_userId_1';
const BY_OWN_CHANGE = 'userId_1_changedAt_1_conversationId_1';
const BY_CONTROL = 'conversationId_1_controlSeq_1';
const BY_SEQ = 'conversationId_1_seq_1';
const BY_CLIENT_ID = 'conversationId_1_senderId_1_clientMessageId_1';
const BY_ID = '_id_';

/** Every query that a server asks while it serves, by name, and the index that it is meant for. */
const QUERIES: Record<string, [index: string, query: () => Promise<unknown>]> = {
  'the conversation of a pair': [BY_KEY, () => models.conversations.findByKey(participantsKey(ALICE, 'u7'))],
  'conversations of pairs': [BY_KEY, () => models.conversations.findKeys([participantsKey(ALICE, 'u7')])],
  'a conversation': [BY_ID, () => models.conversations.findById(chat)],
  'some conversations': [BY_ID, () => models.conversations.findByIds(ids.slice(0, 1))],
  'a page of the list': [BY_LAST_MESSAGE, () => models.conversations.findPage(ALICE, 50)],
  'a later page of the list': [
    BY_LAST_MESSAGE,
    () => models.conversations.findPage(ALICE, 50, { lastMessageAt: new Date(), _id: chat }),
  ],
  'what changed': [BY_CHANGE, () => models.conversations.findChanged(ALICE, 100, NEVER)],
  'what may be unread': ['maybeUnread_1', () => models.conversations.findMaybeUnread([ALICE])],
  'members of groups': [BY_RANK, () => models.members.findCurrent([chat])],
  'owners and admins': [BY_RANK, () => models.members.findStaff([chat])],
  'a page of members': [BY_RANK, () => models.members.findPage(chat, 50)],
  'a later page of members': [
    BY_RANK,
    () => models.members.findPage(chat, 50, { rank: 2, joinedSeq: 0, userId: 'a' }),
  ],
  'some members': [BY_POSITION, () => models.members.findPairs(chat, [ALICE])],
  'large groups and channels': ['userId_1_apart_1', () => models.members.findApart([ALICE])],
  'positions of everybody': [BY_POSITION, () => models.members.findOf(ids.slice(0, 50))],
  'own positions, a few': [BY_POSITION, () => models.members.findOwn(ALICE, ids.slice(0, 50))],
  'own positions, many': [BY_OWN_CHANGE, () => models.members.findOwn(ALICE, ids)],
  'own positions that changed': [BY_OWN_CHANGE, () => models.members.findChanged(ALICE, 100, NEVER)],
  'the tail of a log': [BY_SEQ, () => models.messages.findTail(chat, MESSAGES - 1)],
  'the newest messages': [BY_SEQ, () => models.messages.findSince(chat, MESSAGES - 1, 100)],
  'control entries': [BY_CONTROL, () => models.messages.findControls(chat, 10)],
  'counts at places': [BY_SEQ, () => models.messages.findCounts(chat, [3, 7])],
  'messages anywhere': [BY_SEQ, () => models.messages.findRange(chat, 1, 50)],
  'old messages': [BY_SEQ, () => models.messages.findSettledRange(chat, 1, 50)],
  'messages by client ids': [
    BY_CLIENT_ID,
    () => models.messages.findByClientIds(chat, [{ senderId: ALICE, clientMessageId: 'm3' }]),
  ],
  'messages by ids': [BY_ID, () => models.messages.findByIds(messageIds.slice(0, 50))],
  'the place of a message': [BY_ID, () => models.messages.findSeq(chat, aMessage)],
  'what a user wrote': ['senderId_1__id_-1', () => models.messages.findBySender(ALICE, { limit: 50 })],
  'messages since a time': [BY_ID, () => models.messages.traceSince(aMessage).next()],
  'what old ids mean': [BY_ID, () => models.aliases.findByAliases(['direct_a_b'])],
  'old ids of conversations': ['conversationId_1', () => models.aliases.findByConversations([chat])],
  users: [BY_ID, () => models.users.findByIds(['u1', 'u2'] as UserId[])],
  'users who changed': ['profileChangedAt_1', () => models.users.findChangedSince(new Date())],
};

beforeAll(async () => {
  connection = await mongoose
    .createConnection(inject('mongoUri'), {
      dbName: newDatabaseName(),
      monitorCommands: true,
      autoIndex: false,
    })
    .asPromise();
  models = createModels(connection);
  for (const { model } of [
    ...[models.conversations, models.members, models.messages, models.users, models.aliases],
  ]) {
    await model.createIndexes();
  }
  await seed();
  await models.aliases.insertMissing(
    ids.map((conversationId, index) => ({ alias: `old${index}`, conversationId, source: 'test' })),
    new Date(),
  );
});

afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

/** The commands of a kind behind a call, as the driver sent them. */
async function commandsOf(
  kind: string,
  call: () => Promise<unknown>,
): Promise<mongoose.mongo.BSON.Document[]> {
  const commands: mongoose.mongo.BSON.Document[] = [];
  const listen = (event: mongoose.mongo.CommandStartedEvent): void => {
    if (event.commandName === kind) commands.push({ ...event.command });
  };
  connection.getClient().on('commandStarted', listen);
  await call();
  connection.getClient().off('commandStarted', listen);
  return commands;
}

/** The `find` command behind a query. */
async function commandOf(query: () => Promise<unknown>): Promise<mongoose.mongo.BSON.Document> {
  const [command] = await commandsOf('find', query);
  if (command === undefined) throw new Error('the query sent no find');
  const { lsid: _session, $db: _database, txnNumber: _number, ...find } = command;
  return find;
}

/** A stage of a plan: MongoDB's, or PostgreSQL's where the compatible database shows that. */
interface Stage {
  indexName?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
}

/** Every stage of a plan, wherever it hides. */
function stagesOf(plan: unknown): Stage[] {
  if (typeof plan !== 'object' || plan === null) return [];
  return [plan, ...Object.values(plan).flatMap((inner) => stagesOf(inner))];
}

/**
 * Whether a stage searches in its index. PostgreSQL may also walk through the whole table along the index of ids: then
 * the condition names the table alone.
 */
const isSearch = (stage: Stage): boolean =>
  stage['Index Name'] !== BY_ID || stage['Index Cond']?.includes('object_id') === true;

test.each(Object.keys(QUERIES))('%s: searched in the index that is meant for it', async (name) => {
  const [index, query] = QUERIES[name] ?? ['', () => Promise.resolve()];
  const command = await commandOf(query);
  const plan: unknown = await connection.db?.command({ explain: command, verbosity: 'queryPlanner' });
  expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
  const stages = stagesOf(plan);
  const used = stages.flatMap((stage) => stage['Index Name'] ?? stage.indexName ?? []);
  // A lookup by id is so plain for MongoDB that its plan names no index.
  if (index === BY_ID && /IDHACK|EXPRESS|CLUSTERED/.test(JSON.stringify(plan))) return;
  expect(used).toContain(index);
  expect(stages.every(isSearch)).toBe(true);
});

/** Every write that a server makes while it serves, as far as it looks for something. */
const WRITES: Record<string, () => Promise<unknown>> = {
  positions: () =>
    models.members.advance([{ conversationId: chat, userId: ALICE, readSeq: 2, readN: 2, deliveredSeq: 2 }]),
  summaries: () =>
    models.conversations.mergeSummaries([
      {
        ...{ conversationId: chat, lastSeq: 2, messageCount: 2, lastMessageId: aMessage },
        ...{ control: 0, shown: { seq: 2, id: aMessage }, lastMessageAt: new Date() },
        ...{ lastSent: new Map([[0, { seq: 2, n: 2 }]]), senders: new Map(), unreadFor: new Set([ALICE]) },
      },
    ]),
  'what a control entry makes of a member': () =>
    models.members.applyControls(chat, [{ userId: ALICE, seq: 1, role: 'admin' }], { isApart: false }),
  'where a list of members is': () => models.members.setApart(chat, true),
  'what is read': () =>
    models.conversations.clearUnread([{ conversationId: chat, userId: ALICE, readSeq: 2 }]),
  'an occasion': () =>
    models.conversations.addOccasion(chat, { kind: 'general', startedBy: ALICE, at: new Date() }),
  'a quarantine': () => models.conversations.quarantineKey(chat, 'no such key'),
  'when users were seen': () => models.users.updateLastSeen(new Map([['u1' as UserId, new Date()]])),
};

test.each(Object.keys(WRITES))('the write of %s finds its document in an index', async (name) => {
  const commands = await commandsOf('update', WRITES[name] ?? (() => Promise.resolve()));
  const [command] = commands;
  const updates = command?.['updates'] as { q: mongoose.mongo.BSON.Document }[];
  expect(updates).toHaveLength(1);
  for (const { q: filter } of updates) {
    const find = { find: command?.['update'] as string, filter };
    const plan: unknown = await connection.db?.command({ explain: find, verbosity: 'queryPlanner' });
    expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
    expect(stagesOf(plan).every(isSearch)).toBe(true);
  }
});

test('no query of the models is left out here', () => {
  const { conversations, members, messages, users } = models;
  const asked = Object.values(QUERIES).map(([, query]) => query.toString());
  for (const one of [conversations, members, messages, users]) {
    for (const name of Object.keys(one).filter((key) => /^(find|trace)/.test(key))) {
      expect(
        asked.some((query) => query.includes(`.${name}(`)),
        name,
      ).toBe(true);
    }
  }
});

/** Read in the order of an index up to a limit: what that examines only a server that counts can tell. */
const IN_ORDER = new Set([
  'a page of the list',
  'a later page of the list',
  'what changed',
  'own positions that changed',
  'what a user wrote',
  'messages since a time',
]);

test.each(Object.keys(QUERIES))('%s: examines at most twice what it returns', async (name) => {
  const [, query] = QUERIES[name] ?? ['', () => Promise.resolve()];
  const { batchSize: _size, ...command } = await commandOf(query);
  const { db } = connection;
  const explained = await db?.command({ explain: command, verbosity: 'executionStats' });
  const stats = explained?.['executionStats'] as
    { totalDocsExamined?: number; nReturned?: number } | undefined;
  if (stats?.totalDocsExamined !== undefined) {
    expect(stats.totalDocsExamined).toBeLessThanOrEqual(Math.max(1, stats.nReturned ?? 0) * 2);
    return;
  }
  if (IN_ORDER.has(name)) return;
  // Not told: then all that fits the filter may have been examined, as far as the index bounds it.
  const fitting = await db?.collection(command['find'] as string).countDocuments(command['filter'] as object);
  const limit = typeof command['limit'] === 'number' ? command['limit'] : Infinity;
  expect(fitting).toBeLessThanOrEqual(Math.max(1, Math.min(limit, fitting ?? 0)) * 2);
});
