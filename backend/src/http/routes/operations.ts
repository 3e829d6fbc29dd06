import type { Router } from 'express';
import type { Metrics } from '../../utils/metrics.js';

/** Whether each part that the server needs answers now. */
export type ComponentChecks = Record<string, () => Promise<boolean>>;

export interface OperationsParts {
  metrics: Metrics;
  checks: ComponentChecks;
  /** The figures in the text format: of this process, or of all workers where it is one of several. */
  renderMetrics: () => Promise<string>;
}

/** For operators and orchestrators: alive, ready, and how it goes. */
export function mountOperations(router: Router, parts: OperationsParts): void {
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/health/ready', async (_request, response) => {
    const components = Object.fromEntries(
      await Promise.all(
        Object.entries(parts.checks).map(async ([name, check]) => {
          const ok = await check().catch(() => false);
          return [name, ok ? 'ok' : 'unavailable'] as const;
        }),
      ),
    );
    const missing = Object.keys(components).filter((name) => components[name] !== 'ok');
    const status = missing.length === 0 ? 'ok' : 'unavailable';
    response.status(missing.length === 0 ? 200 : 503).json({ status, components, missing });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(parts.metrics.registry.contentType).send(await parts.renderMetrics());
  });
}
