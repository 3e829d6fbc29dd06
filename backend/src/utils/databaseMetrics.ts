import { Gauge, Histogram, type Registry } from 'prom-client';

const QUERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What the database does, and what is in it. What could not be learnt is absent, never 0. Where several processes are
 * added up, facts about the one database are not.
 */
export function createDatabaseMetrics(registers: Registry[]) {
  const metrics = {
    databaseSeconds: new Histogram({
      name: 'parley_database_command_seconds',
      help: 'Duration of commands to the database, by command and outcome (ok, failed).',
      labelNames: ['command', 'outcome'] as const,
      buckets: QUERY_SECONDS,
      registers,
    }),
    storageBytes: new Gauge({
      name: 'parley_database_storage_bytes',
      help: 'Bytes of the database: data (before compression), storage (documents on disk), indexes (on disk).',
      labelNames: ['part'] as const,
      aggregator: 'max',
      registers,
    }),
    documents: new Gauge({
      name: 'parley_database_documents',
      help: "Documents of a collection, by the database's own estimate.",
      labelNames: ['collection'] as const,
      aggregator: 'max',
      registers,
    }),
    pairIndexOk: new Gauge({
      name: 'parley_pair_index_ok',
      help: "1 while the unique index on a pair's key stands, 0 when it is missing or not unique.",
      aggregator: 'min',
      registers,
    }),
    pairIndexUsed: new Gauge({
      name: 'parley_pair_index_used',
      help: 'Whether the database looks a pair up in that index. Absent while it holds too few conversations to tell.',
      aggregator: 'min',
      registers,
    }),
    duplicateConversations: new Gauge({
      name: 'parley_duplicate_conversations',
      help: 'Conversations beyond the first under the same key: 0 while the unique index stands, counted when it does not.',
      aggregator: 'max',
      registers,
    }),
    ...createVerificationMetrics(registers),
  };
  // A gauge without labels begins at 0, which would be a statement.
  const { pairIndexOk, pairIndexUsed, duplicateConversations, verificationFinished } = metrics;
  for (const gauge of [pairIndexOk, pairIndexUsed, duplicateConversations, verificationFinished])
    gauge.remove();
  return metrics;
}

/** What the scheduled verification found. */
const createVerificationMetrics = (registers: Registry[]) => ({
  verificationIssues: new Gauge({
    name: 'parley_verification_issues',
    help: 'What the last verification found wrong, by kind; absent until there was one (VERIFY_INTERVAL_MS).',
    labelNames: ['issue'] as const,
    aggregator: 'max',
    registers,
  }),
  verificationFinished: new Gauge({
    name: 'parley_verification_finished_seconds',
    help: 'When the last verification was finished (Unix time, of the database).',
    aggregator: 'max',
    registers,
  }),
});
