import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { createLogger } from './utils/logger.js';

/** Process entry: the only place that reads the environment, listens to signals, and exits. */
async function main(): Promise<void> {
  if (existsSync('.env')) loadEnvFile('.env');
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.NODE_ENV === 'development' });
  const app = await createApp(config, logger);
  const address = `http://localhost:${app.port}`;
  logger.info(`Parley listens on ${address}`);
  if (config.DEMO) {
    logger.info(
      `Open ${address}/?as=alice and ${address}/?as=bob in two windows, or get tokens at ${address}/api/demo`,
    );
  }
  const stop = (): void => {
    void app.close().then(() => process.exit(0));
  };
  // Also for the second time: without a listener it would end the process in the midst of finishing.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'an unhandled rejection'));
}

main().catch((error: unknown) => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`Parley cannot start. ${message}\n`);
  process.exit(1);
});
