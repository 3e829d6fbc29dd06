import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Router } from 'express';
import type { Config } from '../../config.js';
import { AppError } from '../../utils/appError.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ComponentChecks } from './operations.js';

interface MetricsParts {
  config: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>;
  metrics: Metrics;
  checks: ComponentChecks;
}

/** What the server measures, for Prometheus: to whom that may be told. */
export function mountMetrics(router: Router, { config, metrics, checks }: MetricsParts): void {
  router.get('/metrics', async (request, response) => {
    if (config.METRICS_TOKEN !== undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      requireToken(request, config.METRICS_TOKEN);
      response.removeHeader('WWW-Authenticate');
    } else if (config.NODE_ENV === 'production') requireSameMachine(request);
    metrics.ready.set(Number(await isReady(checks)));
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

async function isReady(checks: ComponentChecks): Promise<boolean> {
  const answers = await Promise.all(Object.values(checks).map((check) => check().catch(() => false)));
  return answers.every(Boolean);
}

/** @throws AppError `UNAUTHENTICATED`. */
function requireToken(request: Request, token: string): void {
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  // Hashes have one length and nothing in common: neither the length of the token nor its beginning shows in the time.
  if (!timingSafeEqual(hash(given), hash(token))) {
    throw new AppError('UNAUTHENTICATED', 'Send Authorization: Bearer <METRICS_TOKEN>.');
  }
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What a proxy adds. Behind one on this machine everybody would come from here. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * A private network is no proof of anything: behind a load balancer the whole world comes from one.
 *
 * @throws AppError `FORBIDDEN`.
 */
function requireSameMachine({ socket, headers }: Request): void {
  const isLocal = /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
  if (isLocal && PROXY_HEADERS.every((name) => headers[name] === undefined)) return;
  throw new AppError('FORBIDDEN', 'Set METRICS_TOKEN to read the metrics from another machine.');
}
