import { setTimeout as sleep } from 'node:timers/promises';
import { makeUserIds } from '../scenarios/scenario.js';
import { RawQueries } from './rawQueries.js';
import type { RatioRun } from './run.js';
import type { Side } from './sides.js';
import { median, type Goal } from './table.js';

const CONVERSATIONS = 400;
/** Conversations with an unread message. */
const UNREAD = 60;
const MESSAGES = 1_000;
const PAGE = 50;
/** Repetitions of each operation per round. */
const TIMES = 30;
const READER = 'reader';
/** Cursors overlap by two seconds: after a pause longer than that, `sync` finds nothing new. */
const QUIET_MS = 2_500;

/** A side with the data that the reads need. */
interface Prepared {
  side: Side;
  raw: RawQueries;
  conversationId: string;
  /** Chats with one unread message each, not read yet. */
  unread: string[];
  made: number;
}

const lastData = (answer: { last: unknown }): Record<string, unknown> =>
  answer.last as Record<string, unknown>;

async function prepare(run: RatioRun, side: Side): Promise<Prepared> {
  const { load, subject } = side;
  const { server } = subject;
  const others = makeUserIds('other', run.quick ? 120 : CONVERSATIONS);
  await load.run('makeConversations', { server, userId: READER, others, atOnce: 16 });
  await load.run('connect', { server, group: 'readers', userIds: [READER, 'partner'], atOnce: 2 });
  await load.run('readAllBut', { group: 'readers', keep: UNREAD });
  const { conversationIds } = await load.run('openRing', { group: 'readers' });
  const [conversationId = ''] = conversationIds;
  const messages = Array.from({ length: run.quick ? 200 : MESSAGES }, (_, index) => ({
    conversationId,
    clientMessageId: `fill-${index}`,
    content: `Message ${index}: the quick brown fox jumps over the lazy dog.`,
  }));
  await load.run('ask', { group: 'readers', event: 'sendMessage', payloads: messages });
  const raw = new RawQueries(run.database.uri, subject.databaseName);
  const unread = await raw.listUnread(READER);
  return { side, raw, conversationId, unread, made: 0 };
}

interface Operation {
  name: string;
  goal?: Goal;
  event: string;
  payloads: (prepared: Prepared) => Promise<readonly object[]> | readonly object[];
  reference: (prepared: Prepared) => Promise<void>;
}

const repeat = (payload: object): object[] => Array.from({ length: TIMES }, () => payload);

const OPERATIONS: readonly Operation[] = [
  {
    name: 'getMessages, newest 50',
    goal: { atMost: 1.5 },
    event: 'getMessages',
    payloads: ({ conversationId }) => repeat({ conversationId, limit: PAGE }),
    reference: ({ raw, conversationId }) => raw.newest(conversationId, PAGE),
  },
  {
    name: 'getMessages, 50 in the middle',
    goal: { atMost: 1.5 },
    event: 'getMessages',
    payloads: ({ conversationId }) => repeat({ conversationId, limit: PAGE, before: 101 }),
    reference: ({ raw, conversationId }) => raw.range(conversationId, 51, 100),
  },
  {
    name: 'getConversations, first 50',
    goal: { atMost: 3 },
    event: 'getConversations',
    payloads: () => repeat({ limit: PAGE }),
    reference: ({ raw }) => raw.list(READER, PAGE),
  },
  {
    name: 'sync, nothing new',
    goal: { atMost: 1.5 },
    event: 'sync',
    payloads: async ({ side }) => {
      const { last } = await side.load.run('ask', { group: 'readers', event: 'sync', payloads: [{}] });
      let cursor = (last as { cursor: string }).cursor;
      await sleep(QUIET_MS);
      for (let hasMore = true; hasMore;) {
        const next = await side.load.run('ask', { group: 'readers', event: 'sync', payloads: [{ cursor }] });
        ({ cursor, hasMore } = lastData(next) as { cursor: string; hasMore: boolean });
      }
      return repeat({ cursor });
    },
    reference: ({ raw, conversationId }) => raw.byId(conversationId),
  },
  {
    name: 'getOrCreateDirect, existing',
    event: 'getOrCreateDirect',
    payloads: () => repeat({ otherUserId: 'other-00001' }),
    reference: ({ raw }) => raw.byKey('other-00001', READER),
  },
  {
    name: 'getOrCreateDirect, new',
    event: 'getOrCreateDirect',
    payloads: (prepared) => Array.from({ length: TIMES }, () => ({ otherUserId: `new-${prepared.made++}` })),
    reference: ({ raw }) => raw.upsert(),
  },
  {
    name: 'message:read, first of a chat',
    event: 'message:read',
    payloads: ({ unread }) =>
      unread.splice(0, TIMES / 3).map((conversationId) => ({ conversationId, seq: 1 })),
    reference: ({ raw, conversationId }) => raw.byId(conversationId),
  },
  {
    name: 'sendMessage',
    event: 'sendMessage',
    payloads: ({ conversationId }) =>
      repeat({ conversationId, content: 'Hello.' }).map((one) => ({
        ...one,
        clientMessageId: crypto.randomUUID(),
      })),
    reference: ({ raw }) => raw.insert(),
  },
];

async function timeReference(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < TIMES; count++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function measureRound(
  run: RatioRun,
  prepared: readonly Prepared[],
  operation: Operation,
): Promise<void> {
  const { name, goal, event } = operation;
  const values: Partial<Record<Side['name'], number>> = {};
  const references: number[] = [];
  for (const one of prepared) {
    const payloads = await operation.payloads(one);
    if (payloads.length === 0) continue;
    references.push(await timeReference(() => operation.reference(one)));
    const { times } = await one.side.load.run('ask', { group: 'readers', event, payloads });
    values[one.side.name] = times.p50;
    references.push(await timeReference(() => operation.reference(one)));
  }
  run.table.add(name, 'ms', { ...values, reference: median(references), ...(goal && { goal }) });
}

/** Single commands of one client, beside a raw query of the same documents by the driver. */
export async function measureReads(run: RatioRun): Promise<void> {
  const prepared: Prepared[] = [];
  try {
    for (const side of run.storing) prepared.push(await prepare(run, side));
    for (let round = 0; round < run.rounds; round++) {
      run.progress(`single commands, round ${round + 1}`);
      for (const operation of OPERATIONS) await measureRound(run, prepared, operation);
    }
  } finally {
    for (const { raw } of prepared) await raw.close();
  }
}
