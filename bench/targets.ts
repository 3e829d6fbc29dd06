import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child } from './children.js';
import type { Database } from './database.js';
import type { Server } from './load/commands.js';
import type { Target } from './results.js';

const START_TIMEOUT_MS = 60_000;

/** A running server under test. */
export interface Subject {
  target: Target;
  server: Server;
  pid: number;
  databaseName: string;
  stop: () => Promise<void>;
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const answersOk = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/health/ready', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('error', () => resolve(false));
    call.on('timeout', () => call.destroy());
    call.end();
  });

async function waitUntilReady(child: Child, port: number): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    if (child.process.exitCode !== null) break;
    if (await answersOk(port)) return;
    await sleep(50);
  }
  await child.stop();
  throw new Error('The server under test did not become ready.');
}

/** Starts a server with a database name of its own, and waits until it is ready. */
export async function startSubject(
  target: Target,
  database: Database,
  options: { folder: string; profileFolder?: string | undefined },
): Promise<Subject> {
  const port = await findFreePort();
  const databaseName = database.newName();
  if (target === 'relay') {
    const child = startChild('./relay.js', { env: { PORT: String(port), NODE_ENV: 'production' } });
    await waitUntilReady(child, port);
    return { target, server: { port, secret: undefined }, pid: child.pid, databaseName, stop: child.stop };
  }
  const secret = randomBytes(32).toString('hex');
  const dataDir = join(options.folder, databaseName);
  mkdirSync(dataDir, { recursive: true });
  const child = startChild('../backend/src/index.js', {
    folder: dataDir,
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      MONGODB_URI: database.uri,
      DATABASE_NAME: databaseName,
      DATA_DIR: dataDir,
      JWT_SECRET: secret,
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
      // What is measured is what the server can do, not what one user may.
      RATE_LIMITS: 'off',
      MAX_COMMANDS_PER_SOCKET: '100000',
      COMMIT_MAX_WAITING_PER_USER: '20000',
      ...(target === 'unbatched' && { COMMIT_MAX_BATCH: '1' }),
    },
    nodeOptions:
      options.profileFolder === undefined
        ? []
        : ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${options.profileFolder}`],
  });
  await waitUntilReady(child, port);
  return { target, server: { port, secret }, pid: child.pid, databaseName, stop: child.stop };
}
