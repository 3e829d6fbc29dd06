import mongoose from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { UserId } from '../../../contract/index.js';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { createModels } from '../../../backend/src/models/index.js';
import { newDatabaseName } from '../../support/server.js';
import { BY_ID, IN_ORDER, QUERIES } from './queries.js';
import { ALICE, seed, type Seeded } from './seed.js';

let connection: mongoose.Connection;
let at: Seeded;

beforeAll(async () => {
  connection = await mongoose
    .createConnection(inject('mongoUri'), {
      dbName: newDatabaseName(),
      monitorCommands: true,
      autoIndex: false,
    })
    .asPromise();
  const models = createModels(connection);
  for (const one of Object.values(models)) if ('model' in one) await one.model.createIndexes();
  at = await seed(models);
});

afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

/** Returns the commands of one kind that a call sends. */
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

/** Returns the `find` commands of a query. */
async function findsOf(name: string): Promise<mongoose.mongo.BSON.Document[]> {
  const [, call] = QUERIES[name] ?? ['', () => Promise.resolve()];
  const commands = await commandsOf('find', () => call(at));
  expect(commands).not.toHaveLength(0);
  return commands.map(({ lsid: _session, $db: _database, txnNumber: _number, ...find }) => find);
}

/** A stage of a query plan: of MongoDB, or of PostgreSQL where the compatible database shows it. */
interface Stage {
  indexName?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
}

/** Returns all stages of a plan. */
function stagesOf(plan: unknown): Stage[] {
  if (typeof plan !== 'object' || plan === null) return [];
  return [plan, ...Object.values(plan).flatMap((inner) => stagesOf(inner))];
}

/**
 * True when a stage searches in its index. PostgreSQL may also scan the whole table along the index of ids; then the
 * condition names only the table.
 */
const isSearch = (stage: Stage): boolean =>
  stage['Index Name'] !== BY_ID || stage['Index Cond']?.includes('object_id') === true;

test.each(Object.keys(QUERIES))('%s: searches in its intended index', async (name) => {
  const [meant] = QUERIES[name] ?? [''];
  const used = new Set<string>();
  for (const command of await findsOf(name)) {
    const plan: unknown = await connection.db?.command({ explain: command, verbosity: 'queryPlanner' });
    const text = JSON.stringify(plan);
    expect(text).not.toMatch(/COLLSCAN|"Seq Scan"/);
    const stages = stagesOf(plan);
    for (const stage of stages) {
      const index = stage['Index Name'] ?? stage.indexName;
      if (index !== undefined) used.add(index);
    }
    // MongoDB's plan of a lookup by id names no index.
    if (/IDHACK|EXPRESS|CLUSTERED/.test(text)) used.add(BY_ID);
    expect(stages.every(isSearch)).toBe(true);
  }
  for (const index of [meant].flat()) expect([...used]).toContain(index);
});

test('a query names an index only in collections that every server makes before it serves', async () => {
  const made = new Set(indexedModels(at.models).map(({ model }) => model.collection.name));
  const named = new Set<string>();
  for (const name of Object.keys(QUERIES))
    for (const command of await findsOf(name))
      if (command['hint'] !== undefined) named.add(String(command['find']));
  expect(named).toContain('messages');
  // The database may refuse the index of ids while the first insert makes the collection.
  expect([...named].filter((collection) => !made.has(collection))).toEqual([]);
});

test.each([
  ['large groups and channels of users', 'userId_1_apart_1', () => at.models.members.countLarge([ALICE])],
  [
    'readers of a post',
    'conversationId_1_lastReadSeq_1_joinedSeq_1_rank_1_userId_1',
    () => at.models.members.countReaders(at.chat, 1, []),
  ],
])('the number of %s is counted in its index', async (_what, index, call) => {
  const commands = await commandsOf('aggregate', call);
  expect(commands).toHaveLength(1);
  for (const { lsid: _session, $db: _database, txnNumber: _number, ...aggregate } of commands) {
    const plan: unknown = await connection.db?.command({ explain: aggregate, verbosity: 'queryPlanner' });
    expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
    const used = stagesOf(plan).map((stage) => stage['Index Name'] ?? stage.indexName);
    expect(used).toContain(index);
  }
});

test('exceptions to unread counts: each range is searched in its intended index', async () => {
  const range = { conversationId: at.chat, afterSeq: 100, toSeq: 200, exceptNs: [150] };
  const [command] = await commandsOf('aggregate', () =>
    at.models.unreadExceptions.countBySender([
      { ...range, onlyDeleted: true },
      { ...range, onlyDeleted: false },
    ]),
  );
  const plan: unknown = await connection.db?.command({
    explain: { aggregate: 'messages', pipeline: command?.['pipeline'] as unknown, cursor: {} },
    verbosity: 'queryPlanner',
  });
  expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
  const used = stagesOf(plan).flatMap((stage) => stage['Index Name'] ?? stage.indexName ?? []);
  expect(used).toEqual(
    expect.arrayContaining(['conversationId_1_seq_1_deletedAt_1', 'conversationId_1_seq_1']),
  );
});

test('entries up to positions: each range is searched in the index of places', async () => {
  const positions = [7, 500].map((seq) => ({ conversationId: at.chat, seq }));
  const [command, ...others] = await commandsOf('aggregate', () =>
    at.models.messages.factsUpTo(positions, 5),
  );
  expect(others).toEqual([]);
  const plan: unknown = await connection.db?.command({
    explain: { aggregate: 'messages', pipeline: command?.['pipeline'] as unknown, cursor: {} },
    verbosity: 'queryPlanner',
  });
  expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
  const stages = stagesOf(plan);
  expect(stages.every(isSearch)).toBe(true);
  const used = stages.map((stage) => stage['Index Name'] ?? stage.indexName);
  expect(used.filter((index) => index === 'conversationId_1_seq_1').length).toBeGreaterThanOrEqual(2);
});

/** Every write that a server makes while it serves, as far as it looks for something. */
const WRITES: Record<string, () => Promise<unknown>> = {
  positions: () =>
    at.models.members.advance([
      { conversationId: at.chat, userId: ALICE, readSeq: 2, readN: 2, deliveredSeq: 2 },
    ]),
  summaries: () =>
    at.models.conversations.mergeSummaries([
      {
        ...{ conversationId: at.chat, lastSeq: 2, messageCount: 2, lastMessageId: at.aMessage },
        ...{ control: 0, shown: { seq: 2, id: at.aMessage }, lastMessageAt: new Date() },
        lastDeletedSeq: 0,
        ...{
          lastSent: new Map([[0, { seq: 2, n: 2 }]]),
          senders: new Map(),
          lastQuiet: new Map(),
          quietSenders: new Map(),
          unreadFor: new Set([ALICE]),
        },
      },
    ]),
  'what a membership event makes of a member': () =>
    at.models.members.applyMembershipEvents(at.chat, [{ userId: ALICE, seq: 1, role: 'admin' }], {
      isLarge: false,
    }),
  'where a list of members is': () => at.models.members.setLarge(at.chat, true),
  'what is read': () =>
    at.models.conversations.clearUnread([{ conversationId: at.chat, userId: ALICE, readSeq: 2 }]),
  'an occasion': () =>
    at.models.conversations.addOccasion(
      at.chat,
      { kind: 'general', startedBy: ALICE, at: new Date() },
      false,
    ),
  'an opening of what was opened under a restriction': () =>
    at.models.conversations.openShadow(at.chat, ALICE),
  'a quarantine': () => at.models.conversations.quarantineKey(at.chat, 'no such key'),
  'when users were seen': () => at.models.users.updateLastSeen(new Map([['u1' as UserId, new Date()]])),
};

test.each(Object.keys(WRITES))('the write of %s finds its document in an index', async (name) => {
  const commands = await commandsOf('update', WRITES[name] ?? (() => Promise.resolve()));
  const [command] = commands;
  const updates = command?.['updates'] as {
    q: mongoose.mongo.BSON.Document;
    hint?: mongoose.mongo.BSON.Document;
  }[];
  expect(updates).toHaveLength(1);
  for (const { q: filter, hint } of updates) {
    const find = { find: command?.['update'] as string, filter, ...(hint !== undefined && { hint }) };
    const plan: unknown = await connection.db?.command({ explain: find, verbosity: 'queryPlanner' });
    expect(JSON.stringify(plan)).not.toMatch(/COLLSCAN|"Seq Scan"/);
    expect(stagesOf(plan).every(isSearch)).toBe(true);
  }
});

/** Queries that run only once at the start, in background checks, or in scripts. */
const NOT_WHILE_SERVING =
  /^(facts|meta|processes|verification)\.|^archive\.find(Archivable|Stubs)$|^(apiKeys|webhooks)\.findAll$/;

test('every query of the models is tested here', () => {
  const asked = Object.values(QUERIES).map(([, call]) => call.toString());
  const left = Object.entries(at.models)
    .flatMap(([model, one]) => Object.keys(one).map((name) => `${model}.${name}`))
    .filter((name) => /\.(find|trace)/.test(name) && !NOT_WHILE_SERVING.test(name))
    .filter((name) => !asked.some((call) => call.includes(`.${name}(`)));
  expect(left).toEqual([]);
});

test.each(Object.keys(QUERIES))('%s: examines at most twice what it returns', async (name) => {
  for (const { batchSize: _size, ...command } of await findsOf(name)) {
    const { db } = connection;
    const explained = await db?.command({ explain: command, verbosity: 'executionStats' });
    const stats = explained?.['executionStats'] as
      { totalDocsExamined?: number; nReturned?: number } | undefined;
    if (stats?.totalDocsExamined !== undefined) {
      expect(stats.totalDocsExamined).toBeLessThanOrEqual(Math.max(1, stats.nReturned ?? 0) * 2);
      continue;
    }
    if (IN_ORDER.has(name)) continue;
    // If the count is not reported, everything within the index bounds may have been examined.
    const fitting = await db
      ?.collection(command['find'] as string)
      .countDocuments(command['filter'] as object);
    const limit = typeof command['limit'] === 'number' ? command['limit'] : Infinity;
    expect(fitting).toBeLessThanOrEqual(Math.max(1, Math.min(limit, fitting ?? 0)) * 2);
  }
});
