import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram, type Child } from './children.js';
import { findFreePort } from './ports.js';

const START_TIMEOUT_MS = 10_000;

/** A Redis process of the benchmark, without persistence. */
export interface RedisProcess {
  readonly url: string;
  readonly pid: number;
  kill: () => Promise<void>;
  /** Starts Redis again on the same port, without data. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

const answersPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 1_000 });
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => settle(answer.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });

async function startOn(port: number): Promise<Child> {
  const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = startProgram(program, options);
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (child.isRunning && performance.now() < giveUpAt) {
    if (await answersPing(port)) return child;
    await sleep(20);
  }
  await child.stop();
  throw new Error(`${program} did not start (npm run setup installs it; REDIS_SERVER_PATH names another).`);
}

export async function startRedis(): Promise<RedisProcess> {
  const port = await findFreePort();
  let child = await startOn(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    kill: () => child.end('SIGKILL'),
    start: async () => {
      child = await startOn(port);
    },
    stop: () => child.stop(),
  };
}
