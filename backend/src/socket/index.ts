import { ServerResponse, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { LIMITS } from '../../../contract/index.js';
import type { Config } from '../config.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { AppError } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import { judgeConnection } from './door.js';
import type { ChatServer } from './types.js';

/** Bytes before anybody has said who they are, and time until they have to. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SocketServerParts {
  config: Pick<Config, 'CORS_ORIGINS' | 'TRUST_PROXY' | 'MAX_SOCKETS'>;
  rateLimits: RateLimits;
  logger: Logger;
}

/**
 * The Socket.IO server, closed to foreign web pages by default. Connection state recovery stays off: it would put a
 * client back into rooms that it may no longer be in; `sync` closes every gap instead.
 */
export function createSocketServer(http: HttpServer, parts: SocketServerParts): ChatServer {
  const { config, rateLimits, logger } = parts;
  const count = () => ({ open: io.engine.clientsCount, known: io.sockets.sockets.size });
  const io: ChatServer = new Server(http, {
    maxHttpBufferSize: LIMITS.maxFrameBytes,
    connectTimeout: CONNECT_TIMEOUT_MS,
    perMessageDeflate: false,
    serveClient: true,
    cors: { origin: config.CORS_ORIGINS.includes('*') ? '*' : config.CORS_ORIGINS },
    allowRequest: (request, decide) => {
      judgeConnection({ config, rateLimits, count }, request).then(
        (refusal) => {
          if (refusal !== undefined) sayWhenToReturn(request, refusal);
          decide(refusal?.message, refusal === undefined);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'a connection could not be judged');
          decide('internal error', false);
        },
      );
    },
  });
  return io;
}

/** Polling requests have a response that engine.io will write its refusal to; WebSockets have none. */
function sayWhenToReturn(request: IncomingMessage, { retryAfterMs }: AppError): void {
  const response: unknown = Reflect.get(request, 'res');
  if (retryAfterMs === undefined || !(response instanceof ServerResponse)) return;
  response.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
}
