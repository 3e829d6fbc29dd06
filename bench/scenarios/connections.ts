import type { TrafficResult } from '../load/commands.js';
import { readOpenFileLimit, residentKb } from '../processes.js';
import { times, type Check, type Figure } from '../results.js';
import { checkStored } from '../verify.js';
import { makeUserIds, settle, trafficFigures, type Scenario, type Stage } from './scenario.js';

const PER_SECOND = 200;
const RETURN_TIMEOUT_MS = 90_000;
/** Number of files that a process has open in addition to its connections. */
const OTHER_FILES = 300;

interface Crowd {
  /** Number of users, including those who send. */
  users: number;
  writers: number;
}

/** Checks the limit of open files. Node raises its soft limit itself; the hard limit is set by the operator. */
function requireOpenFiles(stage: Stage, { users }: Crowd): string {
  const needed = users + OTHER_FILES;
  const limits = [stage.load.pid, ...stage.subject.pids()].map(readOpenFileLimit);
  const least = Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
  if (least < needed) {
    throw new Error(
      `${users} connections need ${needed} open files per process; the system allows ${least}. ` +
        'Raise the hard limit (ulimit -Hn, LimitNOFILE=) and run g again.',
    );
  }
  return `open files: ${needed} needed per process, ${least} allowed`;
}

async function connectAll(stage: Stage, { users, writers }: Crowd): Promise<Figure[]> {
  const { server, pids } = stage.subject;
  const connect = (group: string, count: number) =>
    stage.load.run('connect', { server, group, userIds: makeUserIds(group, count), atOnce: 100 });
  await connect('early', 100);
  await settle(stage);
  const before = residentKb(pids());
  const [writing, idle] = [await connect('writer', writers), await connect('idle', users - writers)];
  const wallMs = writing.wallMs + idle.wallMs;
  stage.progress(`${users} users connected in ${Math.round(wallMs)} ms`);
  await settle(stage);
  const after = residentKb(pids());
  await stage.load.run('disconnect', { group: 'early' });
  return [
    { name: 'connect all', unit: 'ms', value: Math.round(wallMs) },
    { name: 'connections', unit: 'per s', value: Math.round(users / (wallMs / 1_000)) },
    ...times('connect each, the idle ones', idle.each),
    ...(before === undefined || after === undefined
      ? []
      : [
          { name: 'server before', unit: 'KB' as const, value: before },
          {
            name: 'per idle connection',
            unit: 'KB' as const,
            value: Math.round(((after - before) / users) * 10) / 10,
          },
        ]),
  ];
}

/** The server ends and starts again while users send. All users reconnect automatically. */
async function restart(stage: Stage, signal: 'SIGTERM' | 'SIGKILL') {
  stage.progress(`${signal} and restart`);
  const groups = ['writer', 'idle'];
  await stage.load.run('beginReconnects', { groups, senders: 'writer', perSecond: PER_SECOND });
  await settle(stage);
  const sinceMs = Date.now();
  await stage.subject.restart(signal);
  const readyMs = Date.now() - sinceMs;
  const result = await stage.load.run('awaitReconnects', { sinceMs, timeoutMs: RETURN_TIMEOUT_MS });
  const { users, lost, back, traffic } = result;
  const inMs: [string, number][] = [
    ['server ready again after', readyMs],
    ['first back after', result.firstBackMs],
    ['half back after', result.halfBackMs],
    ['all back after', result.allBackMs],
    ['all in sync after', result.allSyncedMs],
  ];
  const counts: [string, number][] = [
    ['failed attempts', result.failedAttempts],
    ['sends refused or not answered', traffic.sent - traffic.acknowledged],
    ['messages due while their sender was disconnected', result.unsent],
  ];
  const figures: Figure[] = [
    ...inMs.map(([name, value]): Figure => ({ name: `${signal}: ${name}`, unit: 'ms', value })),
    ...counts.map(([name, value]): Figure => ({ name: `${signal}: ${name}`, unit: 'count', value })),
  ];
  const check: Check = {
    name: `all reconnected after ${signal}`,
    passed: lost === users && back === users,
    detail: `${lost} of ${users} lost their connection, ${back} reconnected`,
  };
  const note = `${signal}: refusals ${JSON.stringify(traffic.refused)}`;
  return { figures, check, traffic, note };
}

async function run(stage: Stage) {
  const crowd: Crowd = stage.quick ? { users: 600, writers: 200 } : { users: 5_000, writers: 1_000 };
  const limits = requireOpenFiles(stage, crowd);
  const connected = await connectAll(stage, crowd);
  await stage.load.run('pairUp', { group: 'writer' });
  await settle(stage);
  stage.progress(`sending ${PER_SECOND} messages/s`);
  const steady: TrafficResult = await stage.load.run('openLoop', {
    group: 'writer',
    perSecond: PER_SECOND,
    warmUpMs: stage.quick ? 500 : 5_000,
    measureMs: stage.quick ? 1_500 : 15_000,
  });
  const restarts = [await restart(stage, 'SIGTERM'), await restart(stage, 'SIGKILL')];
  stage.progress('checking the stored messages');
  const traffics = [steady, ...restarts.map(({ traffic }) => traffic)];
  const stored = await checkStored(stage.subject, stage.database, traffics);
  const answered: Check = {
    name: 'every message acknowledged before the restarts',
    passed: steady.acknowledged === steady.sent && steady.delivered >= steady.acknowledged,
    detail: `${steady.acknowledged} of ${steady.sent}, ${steady.delivered} delivered live`,
  };
  return {
    figures: [...connected, ...trafficFigures(steady), ...restarts.flatMap(({ figures }) => figures)],
    checks: [answered, ...restarts.map(({ check }) => check), ...stored],
    notes: [limits, ...restarts.map(({ note }) => note)],
  };
}

export const CONNECTIONS: Scenario = {
  id: 'g',
  title: '5,000 connections, 1,000 of them sending 200 messages/s; the server is restarted, and killed',
  targets: ['parley', 'workers'],
  run,
};
