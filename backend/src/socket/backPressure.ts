import { Gauge } from 'prom-client';
import { DROPPED_ABOVE, type Priority } from '../../../contract/index.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { endConnection } from './endConnection.js';
import type { ChatServer, ChatSocket } from './types.js';
import { WaitingBytes } from './waitingBytes.js';

/** From this share of the bound on, a connection that does not read is given no more to do. */
const NO_MORE_COMMANDS_ABOVE = 1 / 2;

export interface BackPressureParts {
  io: ChatServer;
  metrics: Metrics;
  logger: Logger;
  /** Bytes that may wait for one connection. */
  maxWaitingBytes: number;
}

/**
 * Bounds what waits for connections that read slowly. Judged before each write, by what waits already: one answer,
 * however long, always fits, so the most that a connection can hold is the bound and one answer. Beyond the bound it is
 * ended at once; `sync` brings what it missed.
 */
export class BackPressure {
  readonly #parts: BackPressureParts;
  readonly #waiting = new WaitingBytes();

  constructor(parts: BackPressureParts) {
    this.#parts = parts;
    const largest = (): number => this.largestWaitingBytes();
    new Gauge({
      name: 'parley_largest_waiting_bytes',
      help: 'Bytes that wait for the connection that is furthest behind, now.',
      registers: [parts.metrics.registry],
      collect() {
        this.set(largest());
      },
    });
  }

  /** Whether something of this priority may be written now. Ends the connection when too much waits already. */
  mayWrite(socket: ChatSocket, priority: Priority): boolean {
    if (!socket.connected) return false;
    const waiting = this.#waiting.of(socket.conn);
    if (waiting === 0) return true;
    const { maxWaitingBytes } = this.#parts;
    if (waiting > maxWaitingBytes) this.end(socket);
    return waiting <= maxWaitingBytes * DROPPED_ABOVE[priority];
  }

  /** Whether it should read what it has asked for before it asks for more. */
  isBehind(socket: ChatSocket): boolean {
    return this.#waiting.of(socket.conn) > this.#parts.maxWaitingBytes * NO_MORE_COMMANDS_ABOVE;
  }

  largestWaitingBytes(): number {
    let largest = 0;
    for (const socket of this.#parts.io.sockets.sockets.values()) {
      largest = Math.max(largest, this.#waiting.of(socket.conn));
    }
    return largest;
  }

  /** Ends a connection that does not read. */
  end(socket: ChatSocket): void {
    const { metrics, logger } = this.#parts;
    const waiting = this.#waiting.of(socket.conn);
    metrics.slowConnections.inc();
    logger.warn(
      { userId: socket.data.principal.userId, waiting },
      'a connection that does not read was ended',
    );
    endConnection(socket, 'SLOW');
  }
}
