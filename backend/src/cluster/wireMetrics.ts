import type { Registry } from 'prom-client';
import type { WireMetric } from './wire.js';

/** Returns the metrics of a registry as they are sent between processes. */
export async function wireMetricsOf(registry: Pick<Registry, 'getMetricsAsJSON'>): Promise<WireMetric[]> {
  // The library's return type covers only the base of each metric; the value is plain JSON.
  return (await registry.getMetricsAsJSON()) as unknown as WireMetric[];
}
