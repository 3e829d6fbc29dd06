import os from 'node:os';
import { times, type CpuPhase, type CpuShare, type Figure } from '../results.js';
import { checkTraffic } from '../verify.js';
import {
  cpuPerThousand,
  makeUserIds,
  settle,
  trafficFigures,
  type Scenario,
  type Stage,
} from './scenario.js';

/**
 * Number of users who send commands, and commands in flight per user. Few connections keep the cost of wake-ups low.
 */
const COMMANDERS = 100;
const IN_FLIGHT = 20;

const measuredTime = (quick: boolean) =>
  quick ? { warmUpMs: 500, measureMs: 1_500 } : { warmUpMs: 3_000, measureMs: 10_000 };

async function runCommands(stage: Stage) {
  const { quick } = stage;
  const group = 'commanders';
  const userIds = makeUserIds('commander', COMMANDERS * 2);
  await stage.load.run('connect', { server: stage.subject.server, group, userIds, atOnce: 50 });
  await stage.load.run('pairUp', { group });
  await settle(stage);
  stage.progress(`${COMMANDERS} users with ${IN_FLIGHT} commands in flight each`);
  const time = measuredTime(quick);
  const result = await stage.load.run('commandLoop', { group, inFlight: IN_FLIGHT, ...time });
  const count = (result.perSecond * time.measureMs) / 1_000;
  const figures: Figure[] = [
    { name: 'commands', unit: 'per s', value: Math.round(result.perSecond) },
    ...times('command→answer', result.times),
    ...cpuPerThousand(stage, 'commands', { ...time, count }),
  ];
  if (stage.subject.target === 'parley') {
    const value = possibleGain(stage.load.cpu().at(-1)?.shares ?? [], os.cpus().length);
    figures.push({ name: 'commands: possible gain from more processes', unit: 'x', value });
  }
  const check = {
    name: 'every command answered with success',
    passed: result.refused === 0,
    detail: `${result.refused} refused`,
  };
  return { figures, check };
}

/**
 * Upper bound for the gain from more processes on this machine, if every command costs the same as here: the other
 * processes need CPU as well.
 */
function possibleGain(shares: readonly CpuShare[], cores: number): number {
  const total = shares.reduce((sum, { percent }) => sum + percent, 0);
  const server = shares.find(({ group }) => group === 'server')?.percent ?? 0;
  return Math.round((cores * server * 100) / total) / 100;
}

/** Notes loads that cannot show a gain from more processes, because the server was not the bottleneck. */
function noteUnsaturatedLoads(cpu: readonly CpuPhase[]): string[] {
  return cpu.flatMap(({ load, shares }) => {
    const servers = shares.filter(({ group }) => group.startsWith('server'));
    const others = shares.filter(({ group }) => !group.startsWith('server'));
    const busiest = Math.max(...servers.map((share) => share.busiest));
    const [most] = [...others].sort((one, other) => other.percent - one.percent);
    if (busiest >= 88 || most === undefined) return [];
    return [
      `${load}: the busiest server process used only ${Math.round(busiest)}% of its core (${most.group} took ${Math.round(most.percent)}%), so this load does not show the gain from more server processes`,
    ];
  });
}

async function run(stage: Stage) {
  const { subject, database, quick } = stage;
  const userIds = makeUserIds('user', quick ? 200 : 1_000);
  await stage.load.run('connect', { server: subject.server, group: 'pairs', userIds, atOnce: 100 });
  await stage.load.run('pairUp', { group: 'pairs' });
  stage.progress(`${userIds.length} users connected and paired; sending`);
  const time = measuredTime(quick);
  const traffic = await stage.load.run('closedLoop', { group: 'pairs', inFlight: 1, ...time });
  const count = (traffic.acknowledgedPerSecond * time.measureMs) / 1_000;
  const cost = cpuPerThousand(stage, 'messages', { ...time, count });
  stage.progress(`${traffic.acknowledged} messages; checking the stored messages`);
  const checks = await checkTraffic(subject, database, traffic);
  await stage.load.run('disconnect', { group: 'pairs' });
  const { figures, check } = await runCommands(stage);
  return {
    figures: [...trafficFigures(traffic), ...cost, ...figures],
    checks: [...checks, check],
    notes: noteUnsaturatedLoads(stage.load.cpu()),
  };
}

export const PROCESSES: Scenario = {
  id: 'h',
  title: '1,000 users in pairs on one process and on two: messages, and commands without the database',
  targets: ['parley', 'before', 'workers', 'redis', 'redis-before'],
  run,
};
