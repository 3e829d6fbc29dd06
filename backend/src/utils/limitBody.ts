import type { IncomingMessage } from 'node:http';

/** Time until the body of a request must have arrived, in ms. It has at most 128 KiB. */
const BODY_TIMEOUT_MS = 30_000;

/**
 * Ends a request whose body takes too long. Node has one limit for all requests of a server, and files that are sent to the
 * embedded store need a longer one (`http/server.ts`).
 */
export function limitBody(request: IncomingMessage): void {
  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.destroy();
  }, BODY_TIMEOUT_MS).unref();
  request.once('close', () => clearTimeout(timer));
}
