import type { IncomingMessage } from 'node:http';

/**
 * True when a browser page of this origin may connect: pages of this server, and those in `CORS_ORIGINS`. Native apps
 * send no origin. CORS headers protect polling but not WebSockets, so this checks both.
 */
export function isAllowedOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).host === host;
}
