import cluster, { type Worker } from 'node:cluster';
import { existsSync, readFileSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { KILL_MARGIN_MS } from './cluster/timing.js';
import { readConfig, requireMongoUri, type Config } from './config.js';
import { createLogger, type Logger } from './utils/logger.js';

/**
 * Process entry: the only place that reads the environment, handles signals, and exits. Modules that a role does not
 * need are not loaded, which keeps the primary process small.
 */
async function main(): Promise<void> {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const config = readConfig({ ...file, ...process.env });
  requireMongoUri(config);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.NODE_ENV === 'development' });
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled rejection'));
  // Workers inherit the environment of the primary. If the primary loaded `.env` into it, a restarted worker would not
  // see changes of the file.
  if (cluster.isPrimary && config.WORKERS > 1) {
    await runPrimary(config, logger);
    return;
  }
  if (existsSync('.env')) loadEnvFile('.env');
  if (cluster.worker !== undefined) await runAsWorker(cluster.worker, config, logger);
  else await runSingle(config, logger);
}

async function runSingle(config: Config, logger: Logger): Promise<void> {
  const { createApp } = await import('./app.js');
  const app = await createApp(config, logger, {
    // The supervisor restarts the process. Work under way belongs to a history that the restore has replaced.
    onRestored: () => process.exit(1),
  });
  logAddress(app.port, config, logger);
  const stop = (): void => {
    void app.close().then(() => process.exit(0));
  };
  // The handlers stay installed: without a listener, a second signal would end the process in the middle of the
  // shutdown.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    // Sent by a closed terminal or by a supervisor's reload; a graceful stop is right for both.
    logger.info('SIGHUP: a single process cannot restart without downtime (see WORKERS), stopping');
    stop();
  });
}

async function runPrimary(config: Config, logger: Logger): Promise<void> {
  const { Primary } = await import('./cluster/primary.js');
  const entry = fileURLToPath(import.meta.url);
  const primary = new Primary({ config, logger, entry, onGiveUp: (reason) => exitWith(reason) });
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
    logAddress(port, config, logger);
  } catch (error) {
    // Workers that were asked to end before they were ready have not failed.
    if (!isStopping()) throw error;
  }
}

async function runAsWorker(worker: Worker, config: Config, logger: Logger): Promise<void> {
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
      // The primary kills a worker that takes too long, but the primary may itself be gone.
      setTimeout(() => process.exit(1), config.SHUTDOWN_TIMEOUT_MS + KILL_MARGIN_MS).unref();
    },
  });
  process.on('SIGTERM', () => running.drain());
  const failure = await running.ended;
  process.exit(failure === undefined ? 0 : 1);
}

function logAddress(port: number, config: Config, logger: Logger): void {
  const address = `http://localhost:${port}`;
  logger.info(`Parley listens on ${address} (Node ${process.versions.node})`);
  if (config.DEMO) {
    logger.info(
      `Open ${address}/?as=alice and ${address}/?as=bob in two windows, or get tokens at ${address}/api/demo`,
    );
  }
}

function exitWith(reason: string): never {
  process.stderr.write(`Parley ends. ${reason}\n`);
  process.exit(1);
}

main().catch((error: unknown) => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`Parley cannot start. ${message}\n`);
  process.exit(1);
});
