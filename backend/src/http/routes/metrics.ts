import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Router } from 'express';
import { Gauge } from 'prom-client';
import type { Config } from '../../config.js';
import { AppError } from '../../utils/appError.js';
import { bearerToken } from '../../utils/bearerToken.js';
import type { Metrics } from '../../utils/metrics.js';
import { isReady, type ComponentChecks } from './operations.js';

interface MetricsDeps {
  config: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>;
  metrics: Metrics;
  checks: ComponentChecks;
  /** Returns the metrics in the Prometheus text format: of this process, or of all workers in cluster mode. */
  renderMetrics: () => Promise<string>;
}

/** Mounts `GET /metrics` for Prometheus. Requires `METRICS_TOKEN` if it is set, else localhost in production. */
export function mountMetrics(router: Router, { config, metrics, checks, renderMetrics }: MetricsDeps): void {
  // Computed at each scrape, also when the cluster's primary process collects the metrics of all workers.
  new Gauge({
    name: 'parley_ready',
    help: '1 while this process is ready to serve requests, as /health/ready answers.',
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
  const given = bearerToken(request.headers.authorization) ?? '';
  // Hashes have equal lengths, so the time of the comparison reveals neither the token's length nor its prefix.
  if (!timingSafeEqual(hash(given), hash(token))) {
    throw new AppError('UNAUTHENTICATED', 'Send Authorization: Bearer <METRICS_TOKEN>.');
  }
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Headers that a reverse proxy adds. Behind a proxy on this machine, all requests seem to come from localhost. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Requires a request from this machine. A private address is not enough: behind a load balancer every request has one.
 *
 * @throws AppError `FORBIDDEN`.
 */
function requireSameMachine({ socket, headers }: Request): void {
  const isLocal = /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
  if (isLocal && PROXY_HEADERS.every((name) => headers[name] === undefined)) return;
  throw new AppError('FORBIDDEN', 'Set METRICS_TOKEN to read the metrics from another machine.');
}
