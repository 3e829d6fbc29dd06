import type mongoose from 'mongoose';
import type { Metrics } from '../utils/metrics.js';

/** Observes how long every command to the database takes; in whole ms, as the driver counts. */
export function observeCommands(
  connection: mongoose.Connection,
  { databaseSeconds }: Pick<Metrics, 'databaseSeconds'>,
): void {
  const client = connection.getClient();
  client.on('commandSucceeded', ({ commandName, duration }) =>
    databaseSeconds.observe({ command: commandName, outcome: 'ok' }, duration / 1_000),
  );
  client.on('commandFailed', ({ commandName, duration }) =>
    databaseSeconds.observe({ command: commandName, outcome: 'failed' }, duration / 1_000),
  );
}
