import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { createDatabaseMetrics } from './databaseMetrics.js';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every metric of one server; a fresh registry per app, so that several can live in one process (as in tests). */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...createDatabaseMetrics(registers),
    ready: new Gauge({
      name: 'parley_ready',
      help: 'Whether this process is ready to serve, as /health/ready says at the moment of the scrape.',
      aggregator: 'min',
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'parley_http_request_seconds',
      help: 'Duration of HTTP requests by endpoint and answer code.',
      labelNames: ['endpoint', 'code'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    eventSeconds: new Histogram({
      name: 'parley_socket_event_seconds',
      help: 'Duration of socket commands by event and answer code.',
      labelNames: ['event', 'code'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    openSockets: new Gauge({ name: 'parley_open_sockets', help: 'Connected sockets.', registers }),
    createOrGet: new Histogram({
      name: 'parley_create_or_get_seconds',
      help: "Duration of finding or making a pair's conversation.",
      labelNames: ['created'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    duplicateKeys: new Counter({
      name: 'parley_conversation_duplicate_key_total',
      help: 'Create-or-get calls that met a duplicate key (code 11000) and were answered with the winner.',
      registers,
    }),
    quarantinedKeys: new Counter({
      name: 'parley_conversation_quarantined_key_total',
      help: 'Documents that held the key of a pair without being exactly that pair.',
      registers,
    }),
    commitBatchSize: new Histogram({
      name: 'parley_commit_batch_messages',
      help: 'Messages per insert.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'parley_commit_insert_seconds',
      help: 'Duration of one insert of messages.',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    commitWaiting: new Gauge({
      name: 'parley_commit_waiting',
      help: 'Messages waiting for their insert.',
      registers,
    }),
    commitRaces: new Counter({
      name: 'parley_commit_seq_races_total',
      help: 'Messages that lost their seq to another process and took the next one.',
      registers,
    }),
    repeatedSends: new Counter({
      name: 'parley_commit_repeated_sends_total',
      help: 'Sends answered with a message that was stored before.',
      registers,
    }),
    commitFailures: new Counter({
      name: 'parley_commit_failures_total',
      help: 'Inserts that failed as a whole and were resolved.',
      registers,
    }),
    summarySeconds: new Histogram({
      name: 'parley_summary_flush_seconds',
      help: 'Duration of one bulk of conversation summaries.',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    recoveredConversations: new Counter({
      name: 'parley_recovered_conversations_total',
      help: 'Summaries derived again after the death of a process.',
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
