import { Gauge } from 'prom-client';
import { DROPPED_ABOVE, type Priority } from '../../../../contract/index.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import { endConnection } from './endConnection.js';
import type { ChatServer, ChatSocket } from '../types.js';
import { WaitingBytes } from './waitingBytes.js';

/** Share of the limit above which a connection may not start further commands. */
const REFUSE_COMMANDS_ABOVE = 1 / 2;

export interface BackPressureDeps {
  io: ChatServer;
  metrics: Metrics;
  log: ThrottledLog;
  /** Maximum bytes that may wait for one connection. */
  maxWaitingBytes: number;
}

/**
 * Bounds the write buffers of connections that read slowly. The check before each write looks at the bytes that already
 * wait, so one answer of any length is always accepted, and a buffer holds at most the limit plus one answer. A
 * connection above the limit is closed; its client catches up with `sync`.
 */
export class BackPressure {
  readonly #deps: BackPressureDeps;
  readonly #waiting = new WaitingBytes();

  constructor(deps: BackPressureDeps) {
    this.#deps = deps;
    const largest = (): number => this.largestWaitingBytes();
    new Gauge({
      name: 'parley_socket_max_buffered_bytes',
      help: 'Bytes waiting for the slowest connection (the largest write buffer).',
      registers: [deps.metrics.registry],
      collect() {
        this.set(largest());
      },
    });
  }

  /**
   * True when a packet of this priority may be written now. Closes the connection when its buffer exceeds the limit.
   */
  mayWrite(socket: ChatSocket, priority: Priority): boolean {
    if (!socket.connected) return false;
    const waiting = this.#waiting.of(socket.conn);
    if (waiting === 0) return true;
    const { maxWaitingBytes } = this.#deps;
    if (waiting > maxWaitingBytes) this.end(socket);
    return waiting <= maxWaitingBytes * DROPPED_ABOVE[priority];
  }

  /** True when a connection must read pending answers before it may start another command. */
  isBehind(socket: ChatSocket): boolean {
    return this.#waiting.of(socket.conn) > this.#deps.maxWaitingBytes * REFUSE_COMMANDS_ABOVE;
  }

  largestWaitingBytes(): number {
    let largest = 0;
    for (const socket of this.#deps.io.sockets.sockets.values()) {
      largest = Math.max(largest, this.#waiting.of(socket.conn));
    }
    return largest;
  }

  /** Closes a connection that does not read. */
  end(socket: ChatSocket): void {
    const { metrics, log } = this.#deps;
    const waiting = this.#waiting.of(socket.conn);
    const { userId } = socket.data.principal;
    metrics.slowConnections.inc();
    log.warn(userId, { userId, waiting }, 'a connection that does not read was ended');
    endConnection(socket, 'SLOW');
  }
}
