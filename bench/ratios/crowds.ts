import { setTimeout as sleep } from 'node:timers/promises';
import { makeUserIds } from '../scenarios/scenario.js';
import { RawQueries } from './rawQueries.js';
import type { RatioRun } from './run.js';
import { cpuPerMessage, measureCost, type Cost, type Side } from './sides.js';
import type { Column, Goal } from './table.js';

/** Time for work left over: garbage collection, derived state, checkpoints. */
const SETTLE_MS = 1_500;

type Costs = Partial<Record<Side['name'], Cost>>;

const columnsOf = (costs: Costs, value: (cost: Cost) => number, goal?: Goal) => ({
  ...(costs.parley && { parley: value(costs.parley) }),
  ...(costs.before && { before: value(costs.before) }),
  ...(costs.relay && { reference: value(costs.relay) }),
  ...(goal && { goal }),
});

const connect = (run: RatioRun, side: Side, userIds: string[]) =>
  measureCost(side, run.database, () =>
    side.load.run('connect', {
      server: side.subject.server,
      group: 'crowd',
      userIds,
      atOnce: userIds.length,
    }),
  );

const disconnect = async (side: Side): Promise<void> => {
  await side.load.run('disconnect', { group: 'crowd' });
  await sleep(SETTLE_MS);
};

/** 1,000 users connect at once: new ones, then the same again; then all of them open a chat at once. */
export async function measureLogins(run: RatioRun): Promise<void> {
  const count = run.quick ? 200 : 1_000;
  for (let round = 0; round < run.rounds; round++) {
    run.progress(`logins and chats, round ${round + 1}`);
    const userIds = makeUserIds(`crowd${round}`, count);
    const [fresh, known, chats]: Costs[] = [{}, {}, {}];
    let upsertMs = 0;
    for (const side of [...run.storing, run.relay]) {
      const first = await connect(run, side, userIds);
      await disconnect(side);
      const second = await connect(run, side, userIds);
      await sleep(SETTLE_MS);
      Object.assign(fresh ?? {}, { [side.name]: { ...first.cost, wallMs: first.result.wallMs } });
      Object.assign(known ?? {}, { [side.name]: { ...second.cost, wallMs: second.result.wallMs } });
      if (side !== run.relay) {
        upsertMs = await upsertPairs(run, side, count);
        const opened = await measureCost(side, run.database, () =>
          side.load.run('openRing', { group: 'crowd' }),
        );
        Object.assign(chats ?? {}, { [side.name]: { ...opened.cost, wallMs: opened.result.wallMs } });
      }
      await disconnect(side);
    }
    const wall = (cost: Cost): number => cost.wallMs;
    const cpu = (cost: Cost): number => cost.serverMs + cost.databaseMs;
    run.table.add(`${count} known users connect`, 'ms', columnsOf(known ?? {}, wall, { atMost: 1.5 }));
    run.table.add(`${count} known users connect, CPU`, 'ms', columnsOf(known ?? {}, cpu));
    run.table.add(`${count} new users connect`, 'ms', columnsOf(fresh ?? {}, wall, { atMost: 3 }));
    run.table.add(`${count} new users connect, CPU`, 'ms', columnsOf(fresh ?? {}, cpu));
    const opened = columnsOf(chats ?? {}, wall, { atMost: 3 });
    run.table.add(`${count} chats opened at once`, 'ms', { ...opened, reference: upsertMs });
    run.table.add(`${count} chats opened at once, CPU`, 'ms', columnsOf(chats ?? {}, cpu));
  }
}

/** Time of as many single upserts at once, by one client of the driver, in ms. */
async function upsertPairs(run: RatioRun, side: Side, count: number): Promise<number> {
  const raw = new RawQueries(run.database.uri, side.subject.databaseName);
  try {
    await raw.preparePairs();
    await Promise.all(Array.from({ length: 20 }, () => raw.upsert()));
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: count }, () => raw.upsert()));
    return performance.now() - startedAt;
  } finally {
    await raw.close();
  }
}

/** A message to a group that all its members have open. */
export async function measureGroups(run: RatioRun): Promise<void> {
  for (const [size, messages, goal] of [
    [100, run.quick ? 40 : 200, { atMost: 2 }],
    [1_000, run.quick ? 10 : 50, { atMost: 2 }],
  ] as const) {
    const ids = new Map<Side, string>();
    const members = makeUserIds(`member${size}`, size);
    for (const side of [...run.storing, run.relay]) {
      const group = `members${size}`;
      await side.load.run('connect', { server: side.subject.server, group, userIds: members, atOnce: 100 });
      const made = await side.load.run('makeGroup', { group, type: 'group', members: members.slice(1) });
      ids.set(side, made.conversationId);
      await side.load.run('broadcast', { group, conversationId: made.conversationId, messages: 10 });
    }
    for (let round = 0; round < run.rounds; round++) {
      run.progress(`group of ${size}, round ${round + 1}`);
      const [cpu, toAll]: Partial<Record<Column, number>>[] = [{}, {}];
      for (const [side, conversationId] of ids) {
        const group = `members${size}`;
        const sent = await side.load.run('broadcast', { group, conversationId, messages });
        const column = side.name === 'relay' ? 'reference' : side.name;
        const measured = { count: messages, measureMs: sent.wallMs };
        Object.assign(cpu ?? {}, { [column]: cpuPerMessage(side, 'server', measured) });
        Object.assign(toAll ?? {}, { [column]: sent.toAll.p50 });
        await sleep(run.quick ? 200 : SETTLE_MS);
      }
      run.table.add(`group of ${size}, CPU of the server per message`, 'ms', { ...cpu, goal });
      run.table.add(`group of ${size}, until all have it`, 'ms', toAll ?? {});
    }
    for (const side of ids.keys()) await side.load.run('disconnect', { group: `members${size}` });
  }
}
