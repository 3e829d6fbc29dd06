import type { Router } from 'express';

/** Health checks of the server's components. A check that rejects counts as unavailable. */
export interface ComponentChecks {
  /** Required components: without one of them, no request can be served. */
  needed: Record<string, () => Promise<boolean>>;
  /** Optional components: without one of them, the server is degraded. */
  useful: Record<string, () => Promise<boolean>>;
}

/** True when every required component answers. */
export const isReady = async ({ needed }: ComponentChecks): Promise<boolean> =>
  unavailableIn(await runChecks(needed)).length === 0;

/** Runs checks. Returns the status of each component by name. */
async function runChecks(
  checks: Record<string, () => Promise<boolean>>,
): Promise<Record<string, 'ok' | 'unavailable'>> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const ok = await check().catch(() => false);
      return [name, ok ? 'ok' : 'unavailable'] as const;
    }),
  );
  return Object.fromEntries(answers);
}

const unavailableIn = (components: Record<string, string>): string[] =>
  Object.keys(components).filter((name) => components[name] !== 'ok');

/** Mounts the liveness and readiness probes of orchestrators and load balancers. */
export function mountOperations(router: Router, deps: { checks: ComponentChecks }): void {
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/health/ready', async (_request, response) => {
    const [needed, useful] = await Promise.all([
      runChecks(deps.checks.needed),
      runChecks(deps.checks.useful),
    ]);
    const components = { ...needed, ...useful };
    const missing = unavailableIn(components);
    const canServe = unavailableIn(needed).length === 0;
    const status = missing.length === 0 ? 'ok' : canServe ? 'degraded' : 'unavailable';
    // A degraded server is ready: otherwise a Redis outage would take every server out of the load balancer.
    response.status(canServe ? 200 : 503).json({ status, components, missing });
  });
}
