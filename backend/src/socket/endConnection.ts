import { CLOSE_CODES, type CloseCode } from '../../../contract/index.js';
import { isToldAsOld } from './delivery.js';
import type { ChatSocket } from './types.js';
import { rawWebSocketOf } from './waitingBytes.js';

/** How long the last bytes and the close code may take to leave, in ms. */
const FLUSH_MS = 5_000;

/**
 * Ends a connection with a close code. From now on nothing is taken from it and nothing written to it: it is in no room
 * when this returns. What is in the system's hands may still arrive, and the code behind it; if not in time, the
 * connection is cut. One that polls has no close code: its next poll finds no session.
 */
export function endConnection(socket: ChatSocket, code: CloseCode): void {
  const { status } = CLOSE_CODES[code];
  const raw = rawWebSocketOf(socket.conn);
  if (raw !== undefined) {
    raw.close(status, code);
    const cut = setTimeout(() => raw.terminate(), FLUSH_MS);
    cut.unref();
    raw.once('close', () => clearTimeout(cut));
  }
  // Discarding: neither waits for a buffer that nobody reads nor for a poll that does not come.
  socket.conn.close(true);
}

/** The same for one that can still be reached: says first why, and whether to come back. */
export function endWithGoodbye(socket: ChatSocket, code: Exclude<CloseCode, 'SLOW'>): void {
  const { reconnect, afterMs, meaning } = CLOSE_CODES[code];
  const data = { code, reason: meaning, reconnect, ...(afterMs !== undefined && { afterMs }) };
  if (!isToldAsOld(socket, { event: 'connection:ended', data })) {
    socket.emit('connection:ended', { success: true, data });
  }
  // After this packet the stock client does not come back by itself.
  socket.disconnect();
  if (rawWebSocketOf(socket.conn) === undefined) {
    socket.conn.close();
    return;
  }
  handOver(socket.conn);
  endConnection(socket, code);
}

/** What waits for its turn goes before the close frame: a WebSocket keeps the order. */
function handOver(connection: ChatSocket['conn']): void {
  const waiting: unknown = Reflect.get(connection, 'writeBuffer');
  if (isPackets(waiting) && waiting.length > 0) connection.transport.send(waiting.splice(0));
}

type Packets = Parameters<ChatSocket['conn']['transport']['send']>[0];
const isPackets = (buffer: unknown): buffer is Packets => Array.isArray(buffer);
