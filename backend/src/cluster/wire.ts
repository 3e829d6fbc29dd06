import { z } from 'zod';
import { toPeer, toRouter } from './hub/frames.js';

/**
 * Raised when primary and workers of two builds would not understand each other: a rolling restart brings new workers
 * to an old primary.
 */
export const PROTOCOL = 1;

/** A metric as prom-client writes it. */
const metric = z.looseObject({ name: z.string(), type: z.string() });
export type WireMetric = z.output<typeof metric>;

/** A connection on its way to the worker that has its session; the handle travels beside it. */
const move = z.object({ parley: z.literal('move'), to: z.int(), bytes: z.string() });
export type Move = z.output<typeof move>;

export const fromWorker = z.discriminatedUnion('parley', [
  z.object({ parley: z.literal('ready'), protocol: z.int(), port: z.int() }),
  /** It cannot start, and why. */
  z.object({ parley: z.literal('failed'), reason: z.string() }),
  z.object({ parley: z.literal('hub'), frames: z.array(toRouter) }),
  move,
  /** Somebody asked this worker how all workers do. */
  z.object({ parley: z.literal('askMetrics'), ask: z.int() }),
  /** How this one does; without a question: its last words. */
  z.object({ parley: z.literal('metrics'), ask: z.int().optional(), metrics: z.array(metric) }),
]);
export type FromWorker = z.output<typeof fromWorker>;

export const fromPrimary = z.discriminatedUnion('parley', [
  z.object({ parley: z.literal('drain') }),
  z.object({ parley: z.literal('hub'), frames: z.array(toPeer) }),
  move,
  z.object({ parley: z.literal('askMetrics'), ask: z.int() }),
  z.object({ parley: z.literal('metricsText'), ask: z.int(), text: z.string() }),
]);
export type FromPrimary = z.output<typeof fromPrimary>;
