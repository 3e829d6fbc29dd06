import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Histogram buckets, in seconds: from a usual push to one that waited for a provider. */
const DELAY_SECONDS = [0.5, 1, 2, 3, 5, 10, 30, 60, 300, 900, 3_600];

/** Creates the metrics about push notifications. */
export const createPushMetrics = (registers: Registry[]) => ({
  pushes: new Counter({
    name: 'parley_push_notifications_total',
    help: 'Push notifications by provider and outcome: sent, retried, failed, or invalid (the device is gone).',
    labelNames: ['provider', 'outcome'] as const,
    registers,
  }),
  pushRefusals: new Counter({
    name: 'parley_push_credentials_refused_total',
    help: 'Push notifications that failed because the provider refuses the credentials of this server.',
    labelNames: ['provider'] as const,
    registers,
  }),
  pushesExpired: new Counter({
    name: 'parley_push_expired_total',
    help: 'Push notifications that were dropped because they had waited too long (PUSH_TTL_MS).',
    registers,
  }),
  pushSeconds: new Histogram({
    name: 'parley_push_delay_seconds',
    help: 'Time from a message until the provider has accepted its push notification.',
    labelNames: ['provider'] as const,
    buckets: DELAY_SECONDS,
    registers,
  }),
  pushLagSeconds: new Gauge({
    name: 'parley_push_lag_seconds',
    help: 'Age of the oldest message that push notifications have not looked at. 0 while there is none.',
    aggregator: 'max',
    registers,
  }),
  pushesWaiting: new Gauge({
    name: 'parley_push_waiting',
    help: 'Push notifications that wait for a repetition, and large conversations that are being notified.',
    aggregator: 'max',
    registers,
  }),
});
