import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { LIMITS } from '../../../contract/index.js';
import type { Config } from '../config.js';
import { isAllowedOrigin } from './origins.js';
import type { ChatServer } from './types.js';

/** Bytes before anybody has said who they are, and time until they have to. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The Socket.IO server, closed to foreign web pages by default. Connection state recovery stays off: it would put a
 * client back into rooms that it may no longer be in; `sync` closes every gap instead.
 */
export function createSocketServer(http: HttpServer, config: Pick<Config, 'CORS_ORIGINS'>): ChatServer {
  const io: ChatServer = new Server(http, {
    maxHttpBufferSize: LIMITS.maxFrameBytes,
    connectTimeout: CONNECT_TIMEOUT_MS,
    perMessageDeflate: false,
    serveClient: true,
    cors: { origin: config.CORS_ORIGINS.includes('*') ? '*' : config.CORS_ORIGINS },
    allowRequest: (request, decide) => {
      const allowed = isAllowedOrigin(request, config.CORS_ORIGINS);
      decide(allowed ? null : 'origin not allowed', allowed);
    },
  });
  return io;
}
