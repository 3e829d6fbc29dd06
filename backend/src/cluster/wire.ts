import { z } from 'zod';
import { toWorker, toBroker } from './broker/index.js';

/**
 * Version of the messages between primary and workers. Increase it with every incompatible change: a rolling restart
 * runs workers of a new build under the primary of an old one.
 */
export const PROTOCOL = 1;

/** A metric in the JSON format of prom-client. */
const metric = z.looseObject({ name: z.string(), type: z.string() });
export type WireMetric = z.output<typeof metric>;

/** A connection for the worker that owns its session. The handle is sent along with this message. */
const move = z.object({ parley: z.literal('move'), to: z.int(), bytes: z.string() });
export type Move = z.output<typeof move>;

export const fromWorker = z.discriminatedUnion('parley', [
  z.object({ parley: z.literal('ready'), protocol: z.int(), port: z.int() }),
  /** The worker cannot start, with the reason. */
  z.object({ parley: z.literal('failed'), reason: z.string() }),
  z.object({ parley: z.literal('broker'), frames: z.array(toBroker) }),
  move,
  /** A client of this worker requested the metrics of all workers. */
  z.object({ parley: z.literal('askMetrics'), ask: z.int() }),
  /** Metrics of this worker: the answer to a request, or without `ask` its final values. */
  z.object({ parley: z.literal('metrics'), ask: z.int().optional(), metrics: z.array(metric) }),
]);
export type FromWorker = z.output<typeof fromWorker>;

export const fromPrimary = z.discriminatedUnion('parley', [
  z.object({ parley: z.literal('drain') }),
  z.object({ parley: z.literal('broker'), frames: z.array(toWorker) }),
  move,
  z.object({ parley: z.literal('askMetrics'), ask: z.int() }),
  z.object({ parley: z.literal('metricsText'), ask: z.int(), text: z.string() }),
]);
export type FromPrimary = z.output<typeof fromPrimary>;
