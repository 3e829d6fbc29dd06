import type mongoose from 'mongoose';
import type { Metrics } from '../utils/metrics.js';

/** Measures the duration of every database command, in the driver's resolution of whole ms. */
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
