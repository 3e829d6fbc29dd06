import type { Router } from 'express';

/** Whether each part that the server needs answers now. */
export type ComponentChecks = Record<string, () => Promise<boolean>>;

/** For orchestrators and load balancers: alive, and ready. */
export function mountOperations(router: Router, parts: { checks: ComponentChecks }): void {
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
}
