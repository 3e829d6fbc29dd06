/**
 * One of two bare Socket.IO processes that an adapter connects over Redis. It has user rooms, and checks and stores
 * nothing.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { ADAPTERS } from '../results.js';
import { join } from './joins.js';

interface Payload {
  id: number;
  from: number;
  to: string[];
  content: string;
}

const name = ADAPTERS.find((one) => one === process.env['ADAPTER']);
if (name === undefined) throw new Error(`ADAPTER is none of ${ADAPTERS.join(', ')}.`);

// An unhandled rejection would end the process. It is counted instead.
process.on('unhandledRejection', (error) => {
  process.send?.(`unhandled rejection: ${error instanceof Error ? error.message : String(error)}`);
});

const http = createServer((_request, response) => response.end('{"status":"ok"}'));
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
const room = (userId: string): string => `user:${userId}`;
const emit = await join(name, io, process.env['REDIS_URL'] ?? '');

io.on('connection', (socket) => {
  void socket.join(room(String((socket.handshake.auth as Record<string, unknown>)['userId'])));
  socket.on('publish', (payload: Payload) => emit(payload.to.map(room), payload));
});

http.listen(Number(process.env['PORT']), '127.0.0.1');
const stop = (): void => process.exit(0);
process.on('SIGTERM', stop);
process.on('disconnect', stop);
process.on('SIGINT', () => undefined);
