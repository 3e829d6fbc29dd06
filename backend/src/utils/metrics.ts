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
    droppedPushes: new Counter({
      name: 'parley_dropped_pushes_total',
      help: 'Pushes that were not written to a connection that reads too slowly.',
      labelNames: ['event'] as const,
      registers,
    }),
    slowConnections: new Counter({
      name: 'parley_slow_connections_closed_total',
      help: 'Connections ended because too much waited for them.',
      registers,
    }),
    rateLimited: new Counter({
      name: 'parley_rate_limited_total',
      help: 'Commands, requests and connections refused by a rate limit.',
      labelNames: ['bucket'] as const,
      registers,
    }),
    revocationSeconds: new Histogram({
      name: 'parley_revocation_seconds',
      help: "From the database's time of a revocation to the end of the user's connections on this process.",
      buckets: LATENCY_SECONDS,
      registers,
    }),
    blockSeconds: new Histogram({
      name: 'parley_block_seconds',
      help: "From the database's time of a block (or its end) to the moment that this process acts by it.",
      buckets: LATENCY_SECONDS,
      registers,
    }),
    legacyEvents: new Counter({
      name: 'parley_legacy_events_total',
      help: 'Events of old clients (LEGACY_EVENTS), by their old name.',
      labelNames: ['event'] as const,
      registers,
    }),
    legacyConnections: new Gauge({
      name: 'parley_legacy_connections',
      help: 'Connections of old clients.',
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
    thirdMembers: new Counter({
      name: 'parley_third_member_refused_total',
      help: 'Attempts to add somebody to a direct conversation.',
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
    redisUp: new Gauge({
      name: 'parley_redis_up',
      help: '1 while Redis answers, 0 while it is away; absent without REDIS_URL.',
      aggregator: 'min',
      registers: [],
    }),
    busPublished: new Counter({
      name: 'parley_bus_published_total',
      help: 'Publications of pushes to other processes.',
      registers,
    }),
    busReceived: new Counter({
      name: 'parley_bus_received_total',
      help: 'Pushes that came from other processes.',
      registers,
    }),
    busDropped: new Counter({
      name: 'parley_bus_dropped_total',
      help: 'Publications that were not sent as the bus was away or too slow; clients catch up by sync.',
      registers,
    }),
    busGaps: new Counter({
      name: 'parley_bus_gaps_total',
      help: 'Times the bus was back after an outage and clients were asked to sync.',
      registers,
    }),
    lostPushes: new Counter({
      name: 'parley_bus_repaired_total',
      help: 'Repeated heads that showed a conversation which this process had not heard of: a lost packet, repaired.',
      registers,
    }),
    windowReads: new Counter({
      name: 'parley_window_cache_reads_total',
      help: 'Reads of the newest messages: hit (only what is newer came from the database), miss.',
      labelNames: ['result'] as const,
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
