import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { createAttachmentMetrics } from './attachmentMetrics.js';
import { createOutgoingMetrics } from './outgoingMetrics.js';
import { createDatabaseMetrics } from './databaseMetrics.js';
import { createPushMetrics } from './pushMetrics.js';

/** Histogram buckets, in seconds. */
const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Creates all metrics of one server. Each app has a registry of its own, so that several apps can run in one process
 * (as in tests).
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...createDatabaseMetrics(registers),
    httpSeconds: new Histogram({
      name: 'parley_http_request_seconds',
      help: 'Duration of HTTP requests by endpoint and response code.',
      labelNames: ['endpoint', 'code'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    eventSeconds: new Histogram({
      name: 'parley_socket_event_seconds',
      help: 'Duration of socket commands by event and response code.',
      labelNames: ['event', 'code'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    droppedPushes: new Counter({
      name: 'parley_dropped_pushes_total',
      help: 'Pushes that were not written because the connection reads too slowly.',
      labelNames: ['event'] as const,
      registers,
    }),
    slowConnections: new Counter({
      name: 'parley_slow_connections_closed_total',
      help: 'Connections closed because their write buffer exceeded SOCKET_MAX_WAITING_BYTES.',
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
      help: "Time from a revocation (database clock) until the user's connections on this process are closed.",
      buckets: LATENCY_SECONDS,
      registers,
    }),
    blockSeconds: new Histogram({
      name: 'parley_block_propagation_seconds',
      help: 'Time from a block or unblock (database clock) until this process applies it.',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    legacyEvents: new Counter({
      name: 'parley_legacy_events_total',
      help: 'Events received from legacy clients (LEGACY_EVENTS), by legacy event name.',
      labelNames: ['event'] as const,
      registers,
    }),
    legacyConnections: new Gauge({
      name: 'parley_legacy_connections',
      help: 'Open connections of legacy clients.',
      registers,
    }),
    openSockets: new Gauge({ name: 'parley_open_sockets', help: 'Connected sockets.', registers }),
    ...createOutgoingMetrics(registers),
    openStreams: new Gauge({ name: 'parley_open_streams', help: 'Open event streams (SSE).', registers }),
    createOrGet: new Histogram({
      name: 'parley_create_or_get_seconds',
      help: 'Duration of finding or creating the direct conversation of a pair.',
      labelNames: ['created'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    duplicateKeys: new Counter({
      name: 'parley_conversation_duplicate_key_total',
      help: 'Create-or-get calls that lost a race (duplicate key, code 11000) and returned the existing conversation.',
      registers,
    }),
    quarantinedKeys: new Counter({
      name: 'parley_conversation_quarantined_key_total',
      help: 'Conversations quarantined because they held the key of a pair without being exactly that pair.',
      registers,
    }),
    thirdMembers: new Counter({
      name: 'parley_third_member_refused_total',
      help: 'Refused attempts to add a member to a direct conversation.',
      registers,
    }),
    commitBatchSize: new Histogram({
      name: 'parley_commit_batch_messages',
      help: 'Messages per bulk insert.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'parley_commit_insert_seconds',
      help: 'Duration of one bulk insert of messages.',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    commitWaiting: new Gauge({
      name: 'parley_commit_waiting',
      help: 'Messages queued for insertion.',
      registers,
    }),
    commitRaces: new Counter({
      name: 'parley_commit_seq_races_total',
      help: 'Messages whose seq was taken by another process first; they were stored with the next one.',
      registers,
    }),
    repeatedSends: new Counter({
      name: 'parley_commit_repeated_sends_total',
      help: 'Repeated sends answered with the message that was already stored.',
      registers,
    }),
    commitFailures: new Counter({
      name: 'parley_commit_failures_total',
      help: 'Bulk inserts that failed as a whole and were recovered.',
      registers,
    }),
    summarySeconds: new Histogram({
      name: 'parley_summary_flush_seconds',
      help: 'Duration of one bulk write of conversation summaries.',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    redisUp: new Gauge({
      name: 'parley_redis_up',
      help: '1 while Redis is reachable, else 0. Absent without REDIS_URL.',
      aggregator: 'min',
      registers: [],
    }),
    busPublished: new Counter({
      name: 'parley_bus_published_total',
      help: 'Pushes published to other processes.',
      registers,
    }),
    busReceived: new Counter({
      name: 'parley_bus_received_total',
      help: 'Pushes received from other processes.',
      registers,
    }),
    busDropped: new Counter({
      name: 'parley_bus_dropped_total',
      help: 'Publications dropped because the bus was down or too slow; clients catch up with sync.',
      registers,
    }),
    busGaps: new Counter({
      name: 'parley_bus_gaps_total',
      help: 'Bus outages that ended; after each, clients are advised to sync.',
      registers,
    }),
    missedPushes: new Counter({
      name: 'parley_bus_missed_pushes_total',
      help: 'Pushes that were lost on the bus, detected by a head rebroadcast and repaired.',
      registers,
    }),
    windowReads: new Counter({
      name: 'parley_window_cache_reads_total',
      help: 'Reads of the newest messages by result: hit (only newer messages came from the database), miss.',
      labelNames: ['result'] as const,
      registers,
    }),
    ...createAttachmentMetrics(registers),
    ...createPushMetrics(registers),
    recoveredConversations: new Counter({
      name: 'parley_recovered_conversations_total',
      help: 'Conversations whose summary was derived again after a process died.',
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
