import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Histogram buckets, in seconds. */
const REVIEW_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Creates the metrics of requests to the app's backend: webhooks and moderation. */
export function createOutgoingMetrics(registers: Registry[]) {
  return {
    webhookDeliveries: new Counter({
      name: 'parley_webhook_deliveries_total',
      help: 'Attempts to deliver an event to a webhook, by result.',
      labelNames: ['result'] as const,
      registers,
    }),
    webhookLag: new Gauge({
      name: 'parley_webhook_lag_seconds',
      help: 'Age of the oldest event that a webhook has not been sent, or that fails. Set by the process that delivers to it.',
      labelNames: ['webhook'] as const,
      registers,
    }),
    webhooksSwitchedOff: new Counter({
      name: 'parley_webhooks_switched_off_total',
      help: 'Webhooks switched off by the server: gone (status 410), or failing for WEBHOOK_GIVE_UP_MS.',
      labelNames: ['reason'] as const,
      registers,
    }),
    reviews: new Counter({
      name: 'parley_moderation_reviews_total',
      help: 'Texts checked by the moderation hook, by outcome. fallback_*: it did not answer in time.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    reviewSeconds: new Histogram({
      name: 'parley_moderation_seconds',
      help: 'Time that a message or an edit waits for the moderation hook.',
      buckets: REVIEW_SECONDS,
      registers,
    }),
  };
}
