import type { Router } from 'express';

/** Whether each part of the server answers now. */
export interface ComponentChecks {
  /** Without one of these nobody can be served. */
  needed: Record<string, () => Promise<boolean>>;
  /** Without one of these everybody is served, with something missing. */
  useful: Record<string, () => Promise<boolean>>;
}

/** Whether everybody can be served now. */
export const isReady = async ({ needed }: ComponentChecks): Promise<boolean> =>
  missingIn(await ask(needed)).length === 0;

/** The names of the parts and what each answers. */
async function ask(
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

const missingIn = (components: Record<string, string>): string[] =>
  Object.keys(components).filter((name) => components[name] !== 'ok');

/** For orchestrators and load balancers: alive, and ready. */
export function mountOperations(router: Router, parts: { checks: ComponentChecks }): void {
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/health/ready', async (_request, response) => {
    const [needed, useful] = await Promise.all([ask(parts.checks.needed), ask(parts.checks.useful)]);
    const components = { ...needed, ...useful };
    const missing = missingIn(components);
    const mayServe = missingIn(needed).length === 0;
    const status = missing.length === 0 ? 'ok' : mayServe ? 'degraded' : 'unavailable';
    // Degraded is ready: a load balancer that took out every server for want of Redis would be the outage.
    response.status(mayServe ? 200 : 503).json({ status, components, missing });
  });
}
