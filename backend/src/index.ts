import cluster, { type Worker } from 'node:cluster';
import { existsSync, readFileSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { KILL_MARGIN_MS } from './cluster/timing.js';
import { readConfig, type Config } from './config.js';
import { createLogger, type Logger } from './utils/logger.js';

/**
 * Process entry: the only place that reads the environment, listens to signals, and exits. What a role does not need is
 * not loaded: a primary is a small process.
 */
async function main(): Promise<void> {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const config = readConfig({ ...file, ...process.env });
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.NODE_ENV === 'development' });
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'an unhandled rejection'));
  // Workers inherit this environment: with the file in it, a restarted one would never read the file anew.
  if (cluster.isPrimary && config.WORKERS > 1) {
    await beginPrimary(config, logger);
    return;
  }
  if (existsSync('.env')) loadEnvFile('.env');
  if (cluster.worker !== undefined) await beWorker(cluster.worker, config, logger);
  else await beAlone(config, logger);
}

async function beAlone(config: Config, logger: Logger): Promise<void> {
  const { createApp } = await import('./app.js');
  const app = await createApp(config, logger, {
    // Whoever supervises it starts it anew; what it would still finish belongs to a history that is over.
    onRestored: () => process.exit(1),
  });
  sayHello(app.port, config, logger);
  const stop = (): void => {
    void app.close().then(() => process.exit(0));
  };
  // Also for the second time: without a listener it would end the process in the midst of finishing.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    // What a closed terminal and a supervisor's reload have in common: both take a stop in good order.
    logger.info('SIGHUP: one process cannot restart without a gap (see WORKERS), it ends');
    stop();
  });
}

async function beginPrimary(config: Config, logger: Logger): Promise<void> {
  const { Primary } = await import('./cluster/primary.js');
  const entry = fileURLToPath(import.meta.url);
  const primary = new Primary({ config, logger, entry, onGiveUp: (reason) => giveUp(reason) });
  let state: 'starting' | 'serving' | 'stopping' = 'starting';
  const isStopping = (): boolean => state === 'stopping';
  const stop = (): void => {
    state = 'stopping';
    void primary.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    if (state === 'serving') void primary.restart();
  });
  try {
    const port = await primary.start();
    if (isStopping()) return;
    state = 'serving';
    sayHello(port, config, logger);
  } catch (error) {
    // Workers that were told to end before they were ready did not fail.
    if (!isStopping()) throw error;
  }
}

async function beWorker(worker: Worker, config: Config, logger: Logger): Promise<void> {
  // From a terminal these reach every process; the primary decides what they mean.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  const { runWorker } = await import('./cluster/runWorker.js');
  const running = runWorker({
    worker,
    config,
    logger: logger.child({ worker: worker.id }),
    onRestored: () => process.exit(1),
    onDrain: () => {
      // The primary would do this, unless it is gone itself.
      setTimeout(() => process.exit(1), config.SHUTDOWN_TIMEOUT_MS + KILL_MARGIN_MS).unref();
    },
  });
  process.on('SIGTERM', () => running.drain());
  const failure = await running.ended;
  process.exit(failure === undefined ? 0 : 1);
}

function sayHello(port: number, config: Config, logger: Logger): void {
  const address = `http://localhost:${port}`;
  logger.info(`Parley listens on ${address}`);
  if (config.DEMO) {
    logger.info(
      `Open ${address}/?as=alice and ${address}/?as=bob in two windows, or get tokens at ${address}/api/demo`,
    );
  }
}

function giveUp(reason: string): never {
  process.stderr.write(`Parley ends. ${reason}\n`);
  process.exit(1);
}

main().catch((error: unknown) => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`Parley cannot start. ${message}\n`);
  process.exit(1);
});
