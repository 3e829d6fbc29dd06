import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Router } from 'express';
import { Gauge } from 'prom-client';
import type { Config } from '../../config.js';
import { AppError } from '../../utils/appError.js';
import type { Metrics } from '../../utils/metrics.js';
import { isReady, type ComponentChecks } from './operations.js';

interface MetricsParts {
  config: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>;
  metrics: Metrics;
  checks: ComponentChecks;
  /** The figures in the text format: of this process, or of all workers where it is one of several. */
  renderMetrics: () => Promise<string>;
}

/** What the server measures, for Prometheus: to whom that may be told. */
export function mountMetrics(router: Router, { config, metrics, checks, renderMetrics }: MetricsParts): void {
  // Asked whenever the figures are read, also by a primary that gathers those of all workers.
  new Gauge({
    name: 'parley_ready',
    help: '1 while this process can serve everybody: what /health/ready answers.',
    aggregator: 'min',
    registers: [metrics.registry],
    async collect() {
      this.set(Number(await isReady(checks)));
    },
  });
  router.get('/metrics', async (request, response) => {
    if (config.METRICS_TOKEN !== undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      requireToken(request, config.METRICS_TOKEN);
      response.removeHeader('WWW-Authenticate');
    } else if (config.NODE_ENV === 'production') requireSameMachine(request);
    response.type(metrics.registry.contentType).send(await renderMetrics());
  });
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
