import { ServerResponse, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { LIMITS } from '../../../contract/index.js';
import type { Config } from '../config.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { AppError } from '../utils/appError.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { checkConnection } from './connection/index.js';
import { limitBody } from '../utils/limitBody.js';
import type { ChatServer } from './types.js';

/** Time limit for authentication, in ms. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SocketServerDeps {
  config: Pick<Config, 'CORS_ORIGINS' | 'TRUST_PROXY' | 'MAX_SOCKETS'>;
  rateLimits: RateLimits;
  log: ThrottledLog;
}

/**
 * Creates the Socket.IO server. Connection state recovery stays off, because it would put a client back into rooms that
 * it may no longer be in; clients catch up with `sync` instead.
 */
export function createSocketServer(http: HttpServer, deps: SocketServerDeps): ChatServer {
  const { config, rateLimits, log } = deps;
  const count = () => ({ open: io.engine.clientsCount, authenticated: io.sockets.sockets.size });
  const io: ChatServer = new Server(http, {
    maxHttpBufferSize: LIMITS.maxFrameBytes,
    connectTimeout: CONNECT_TIMEOUT_MS,
    perMessageDeflate: false,
    serveClient: true,
    cors: { origin: config.CORS_ORIGINS.includes('*') ? '*' : config.CORS_ORIGINS },
    allowRequest: (request, decide) => {
      checkConnection({ config, rateLimits, count }, request).then(
        (refusal) => {
          if (refusal !== undefined) setRetryAfter(request, refusal);
          decide(refusal?.message, refusal === undefined);
        },
        (error: unknown) => {
          log.error('', { err: error }, 'a connection could not be checked');
          decide('internal error', false);
        },
      );
    },
  });
  // Polling requests bypass the HTTP app.
  io.engine.use((request: IncomingMessage, _response: unknown, next: () => void) => {
    limitBody(request);
    next();
  });
  return io;
}

/** Adds `Retry-After` to a refused polling request. WebSocket upgrades have no response object. */
function setRetryAfter(request: IncomingMessage, { retryAfterMs }: AppError): void {
  const response: unknown = Reflect.get(request, 'res');
  if (retryAfterMs === undefined || !(response instanceof ServerResponse)) return;
  response.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
}
