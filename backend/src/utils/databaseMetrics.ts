import { Gauge, Histogram, type Registry } from 'prom-client';

/** Histogram buckets, in seconds. */
const QUERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Metrics of the database. A value that could not be read is absent, never 0. Gauges that describe the one shared
 * database aggregate by `min` or `max`, so that several worker processes do not add them up.
 */
export function createDatabaseMetrics(registers: Registry[]) {
  const metrics = {
    databaseSeconds: new Histogram({
      name: 'parley_database_command_seconds',
      help: 'Duration of database commands by command and outcome (ok, failed).',
      labelNames: ['command', 'outcome'] as const,
      buckets: QUERY_SECONDS,
      registers,
    }),
    storageBytes: new Gauge({
      name: 'parley_database_storage_bytes',
      help: 'Size of the database by part: data (before compression), storage (documents on disk), indexes (on disk).',
      labelNames: ['part'] as const,
      aggregator: 'max',
      registers,
    }),
    documents: new Gauge({
      name: 'parley_database_documents',
      help: 'Documents per collection, as estimated by the database.',
      labelNames: ['collection'] as const,
      aggregator: 'max',
      registers,
    }),
    pairIndexOk: new Gauge({
      name: 'parley_pair_index_ok',
      help: '1 while the unique index on participantsKey exists, 0 when it is missing or not unique.',
      aggregator: 'min',
      registers,
    }),
    pairIndexUsed: new Gauge({
      name: 'parley_pair_index_used',
      help: '1 when the query planner uses that index to find a pair, else 0. Absent while there are too few conversations to tell.',
      aggregator: 'min',
      registers,
    }),
    duplicateConversations: new Gauge({
      name: 'parley_duplicate_conversations',
      help: 'Conversations that repeat the key of another one: 0 while the unique index exists, else counted.',
      aggregator: 'max',
      registers,
    }),
    ...createVerificationMetrics(registers),
  };
  // A gauge without labels starts at 0, which would be reported as a measured value.
  const { pairIndexOk, pairIndexUsed, duplicateConversations, verificationFinished } = metrics;
  for (const gauge of [pairIndexOk, pairIndexUsed, duplicateConversations, verificationFinished])
    gauge.remove();
  return metrics;
}

/** Metrics of the scheduled verification (`VERIFY_INTERVAL_MS`). */
const createVerificationMetrics = (registers: Registry[]) => ({
  verificationIssues: new Gauge({
    name: 'parley_verification_issues',
    help: 'Issues found by the last verification, by kind. Absent until one has finished (VERIFY_INTERVAL_MS).',
    labelNames: ['issue'] as const,
    aggregator: 'max',
    registers,
  }),
  verificationFinished: new Gauge({
    name: 'parley_verification_finished_seconds',
    help: "Unix time at which the last verification finished (the database's clock).",
    aggregator: 'max',
    registers,
  }),
});
