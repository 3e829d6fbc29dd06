import type { TrafficResult } from '../load/commands.js';
import { makeUserIds } from '../scenarios/scenario.js';
import type { RatioRun } from './run.js';
import { cpuPerMessage, type Side } from './sides.js';

const group = 'senders';

const columnOf = ({ name }: Side) => (name === 'relay' ? ('reference' as const) : name);

function requireAll({ sent, acknowledged, delivered }: TrafficResult): void {
  if (acknowledged !== sent || delivered < acknowledged)
    throw new Error(`${sent} messages sent, ${acknowledged} acknowledged, ${delivered} delivered`);
}

async function measureLoop(run: RatioRun, side: Side): Promise<Record<string, number>> {
  const measureMs = run.quick ? 1_500 : 4_000;
  const input = { group, inFlight: 1, warmUpMs: 500, measureMs };
  const traffic = await side.load.run('closedLoop', input);
  requireAll(traffic);
  const count = (traffic.acknowledgedPerSecond * measureMs) / 1_000;
  const measured = { count, measureMs };
  return {
    rate: traffic.acknowledgedPerSecond,
    server: cpuPerMessage(side, 'server', measured),
    database: cpuPerMessage(side, 'database', measured),
  };
}

/** 100 users in pairs, each with one message in flight. */
export async function measureClosedLoop(run: RatioRun): Promise<void> {
  const sides = [...run.storing, run.relay];
  for (const side of sides) {
    const userIds = makeUserIds('sender', 100);
    await side.load.run('connect', { server: side.subject.server, group, userIds, atOnce: 50 });
    await side.load.run('pairUp', { group });
    await measureLoop(run, side);
  }
  for (let round = 0; round < run.rounds; round++) {
    run.progress(`closed loop, round ${round + 1}`);
    const found = new Map<Side, Record<string, number>>();
    for (const side of sides) found.set(side, await measureLoop(run, side));
    const row = (key: string) =>
      Object.fromEntries([...found].map(([side, values]) => [columnOf(side), values[key]])) as Partial<
        Record<ReturnType<typeof columnOf>, number>
      >;
    run.table.add('100 users, one message in flight each', 'msg/s', {
      ...row('rate'),
      goal: { atLeast: 0.35 },
    });
    run.table.add('… CPU of the server per message', 'ms', { ...row('server'), goal: { atMost: 3 } });
    const { reference: _none, ...databases } = row('database');
    run.table.add('… CPU of the database per message', 'ms', databases);
  }
  for (const side of sides) await side.load.run('disconnect', { group });
}

/** 1,000 connected users, 200 messages/s. */
export async function measureSteady(run: RatioRun): Promise<void> {
  const sides = [...run.storing, run.relay];
  const measureMs = run.quick ? 1_500 : 5_000;
  for (const side of sides) {
    const userIds = makeUserIds('steady', run.quick ? 200 : 1_000);
    await side.load.run('connect', { server: side.subject.server, group, userIds, atOnce: 100 });
    await side.load.run('pairUp', { group });
  }
  for (let round = 0; round < run.rounds; round++) {
    run.progress(`200 messages/s, round ${round + 1}`);
    const [all, server, latency]: Partial<Record<ReturnType<typeof columnOf>, number>>[] = [{}, {}, {}];
    for (const side of sides) {
      const traffic = await side.load.run('openLoop', { group, perSecond: 200, warmUpMs: 500, measureMs });
      requireAll(traffic);
      const measured = { count: (200 * measureMs) / 1_000, measureMs };
      const serverMs = cpuPerMessage(side, 'server', measured);
      Object.assign(server ?? {}, { [columnOf(side)]: serverMs * 10 });
      Object.assign(all ?? {}, {
        [columnOf(side)]: (serverMs + cpuPerMessage(side, 'database', measured)) * 10,
      });
      Object.assign(latency ?? {}, { [columnOf(side)]: traffic.toDeliver.p50 });
    }
    run.table.add('200 messages/s, CPU of server and database per 10,000', 's', all ?? {});
    run.table.add('200 messages/s, CPU of the server per 10,000', 's', server ?? {});
    run.table.add('200 messages/s, send→delivered', 'ms', latency ?? {});
  }
  for (const side of sides) await side.load.run('disconnect', { group });
}
