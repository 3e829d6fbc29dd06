import { CLOSE_CODES, type CloseCode } from '../../../../contract/index.js';
import { pushTo } from '../pushTo.js';
import type { ChatSocket } from '../types.js';
import { rawWebSocketOf } from './waitingBytes.js';

/** Time limit for sending the last bytes and the close code, in ms. */
const FLUSH_MS = 5_000;

/**
 * Closes a connection with a close code. When this returns, the socket is in no room; nothing more is read from or
 * written to it. Bytes already passed to the operating system may still arrive, followed by the code. After `FLUSH_MS`
 * the connection is terminated. A polling connection has no close code: its next poll finds no session.
 */
export function endConnection(socket: ChatSocket, code: CloseCode): void {
  const { status } = CLOSE_CODES[code];
  const raw = rawWebSocketOf(socket.conn);
  if (raw !== undefined) {
    raw.close(status, code);
    const terminateTimer = setTimeout(() => raw.terminate(), FLUSH_MS);
    terminateTimer.unref();
    raw.once('close', () => clearTimeout(terminateTimer));
  }
  // `true` discards the buffer: waits neither for a client that does not read nor for a poll that does not come.
  socket.conn.close(true);
}

/** Closes a reachable connection after sending `connection:ended` with the reason and whether to reconnect. */
export function endWithNotice(socket: ChatSocket, code: Exclude<CloseCode, 'SLOW'>): void {
  const { reconnect, afterMs, meaning } = CLOSE_CODES[code];
  const data = { code, reason: meaning, reconnect, ...(afterMs !== undefined && { afterMs }) };
  pushTo(socket, { event: 'connection:ended', data });
  // After this packet, a standard client does not reconnect on its own.
  socket.disconnect();
  if (rawWebSocketOf(socket.conn) === undefined) {
    socket.conn.close();
    return;
  }
  flushWriteBuffer(socket.conn);
  endConnection(socket, code);
}

/** Passes buffered packets to the transport, so that they are sent before the close frame. */
function flushWriteBuffer(connection: ChatSocket['conn']): void {
  const waiting: unknown = Reflect.get(connection, 'writeBuffer');
  if (isPackets(waiting) && waiting.length > 0) connection.transport.send(waiting.splice(0));
}

type Packets = Parameters<ChatSocket['conn']['transport']['send']>[0];
const isPackets = (buffer: unknown): buffer is Packets => Array.isArray(buffer);
