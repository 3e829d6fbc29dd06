import type { IncomingMessage } from 'node:http';

/**
 * Whether a browser page of this origin may connect: pages of the server itself, and those listed. Native apps send
 * no origin. Polling would be covered by CORS headers; a WebSocket is not, so it is judged here for both.
 */
export function isAllowedOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
